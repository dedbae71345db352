// What lists of guesses begin with: the file beside this, which was gathered from leaks and knows little but English, and
// what people try first in the countries we know best. Few of them reach our length by themselves: they are looked for in
// twos and with digits around them. Patterns (repeats, rows of the keyboard, counting) are rules beside the lists.
import { leakedPasswords } from './leaked-passwords.ts'

const ours = `
password passw0rd p@ssw0rd pa55word password123 password1234 password12345 passwordpassword mypassword mypassword123
letmein letmeinplease letmein123 welcome welcome123 welcomehome iloveyou iloveyou123 iloveyouforever iloveyousomuch
administrator administrator1 adminadmin admin123456 superadmin superadministrator changeme changemeplease changeit
qwerty qwertyuiop qwerty123456 qwerty12345678 qwertyqwerty 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc
zaq12wsx zxcvbnm asdfghjkl asdfasdf abc123abc123 abcd1234 abcd1234abcd a1b2c3d4e5f6 aa123456789 abc1234567890
123456789 1234567890 123456789012 1234567891011 123123123123 112233445566 121212121212 111222333444 987654321 987654321098
monkey dragon sunshine princess football baseball basketball liverpool manchester manchesterunited arsenal chelsea
superman batman spiderman ironman pokemon starwars master shadow michael jordan charlie whatever trustno1 computer
internet samsung samsunggalaxy iphone google facebook instagram whatsapp microsoft windows android
secret secretpassword topsecret nothing nopassword nopasswordneeded notmypassword ihateyou fuckyou fuckyoufuckyou
pakistan pakistan123 pakistan1947 pakistanzindabad karachi lahore islamabad india indiaindia bharat mumbai delhi
egypt egypt123 cairo alexandria masrmasr saudi saudiarabia riyadh jeddah dubai emirates kuwait qatar
bismillah bismillah786 allahuakbar allahisgreat alhamdulillah mashallah subhanallah inshallah muhammad mohammed ahmedahmed
doctor doctordoctor hospital hospital123 clinic clinic123456 clinicclinic medical medicine dentist patient reception
correcthorsebatterystaple correct horse battery staple thisisapassword thisismypassword iamthebest hello hellohello
helloworld helloworld123 goodmorning goodluck summer winter spring autumn monday friday january december
testtest testing testing123 test12345678 guestguest default defaultpassword temporary temppassword
access action adidas airplane albert alex alexander alexandra alexis alice allison amanda amazing amelia america american
anderson andrea andrew angel angela angelina angels animal anthony antonio apollo apple april arthur ashley asshole athena
august austin australia baby babygirl badboy bailey banana barbara barcelona barney beautiful beauty beaver benjamin bigdaddy
bigdog birthday bitch blessed blessing blue bluesky bonnie booboo boomer boston brandon brandy brazil bubbles buddy bulldog
butter butterfly calvin camaro canada captain carlos caroline carter casper catherine champion chance charles cheese cherry
chicago chicken chocolate christ christian christine christopher chris cookie cooper corvette cowboy cowboys creative crystal
cupcake daddy dakota dallas daniel danielle darling david death december diamond digital dolphin dolphins donald donkey
dream dreams eagle eagles edward einstein elephant elizabeth emily eminem england enter eternity faith falcon family fender
fernando ferrari fire fish fitness flower flowers forever forget france francis frank freedom friend friends fuckoff gandalf
garden garfield gemini george gfhjkm ginger girls giants gloria goddess godisgood godislove golden golfer goodboy gordon
great green guitar hacker hammer hannah happiness happy happyday hardcore harley harry harrypotter heather heaven hearts helpme
hockey holiday hotmail honey hunter hunting iceman iloveallah ilovegod ilovehim ilovejesus ilovemom ilovemum ilovemylife
ilovemyself ilovemyfamily iloveu infinity isabella jackson jaguar jasmine jason jennifer jeremy jessica jesus jesuschrist
johnny johnson jonathan jordan23 joseph joshua junior justin karen kevin killer king kitten kitty knight lakers laura legend
leonardo letmein1 liberty life lights lion logitech london lord lovely love lover loveme loveyou lucky lucky7 maggie magic
manager marina marine marketing marlboro martin martina marvin matrix matthew maverick maxwell melissa member mercedes merlin
metallica mickey midnight miller money moneymoney monster montana morgan mother motherfucker mountain mountains music mustang
mylife mylove myname naruto natalie nathan natasha newlife newyork nicholas nicole nintendo november number1 october oliver
online orange pacific panther paradise paris parker passport patrick peaches peanut pepper peter phoenix pirate player please
power precious prince private purple qazwsx qazwsxedc rabbit rachel raiders rainbow ranger rebecca red redsox richard
robert rocket rosebud runner sabrina sairam saibaba samantha samuel sandra saturn school scooter scorpion scotland security
september server service sexy shannon sierra silver simple single smile smokey snoopy snowball soccer sophie spring2024
spider star stars steelers stella steven stupid success sunday sunflower superstar sweet sweetheart sweety system taylor
teacher teamwork temp tennis teresa texas thankyou thomas thunder tiger tigers tinkerbell toyota travel trinity trouble
turtle twitter unicorn united universe user vanessa victor victoria victory vincent virginia volleyball warrior water
welcome1 william willow winner winston wizard wolf wonderful world yamaha yankees yellow youtube zxcvbnmasdfghjkl
receptionist doctorsahib nurse nursing pharmacy surgery surgeon dental dentalclinic medicalcenter medicalcentre physiotherapy
physio practice healthcare health healthy appointment appointments hospital1 myclinic theclinic ourclinic
allah allahhafiz allahoakbar allahuakber yaallah yaallahmadad yaalimadad yarasoolallah lailahaillallah astaghfirullah jazakallah
jummamubarak ramadan ramzan ramadankareem eidmubarak madina makkah mecca kaaba quran islam islamic muslim assalamualaikum
salam salaam habibi habibti hayati albi ahmed ahmad mohamed mohammad mohamad muhammadali mahmoud mustafa hassan hussain hussein
hasan ibrahim ismail yousef youssef yusuf omar umar osman usman khalid khaled tariq tarek bilal hamza abdullah abdulrahman abdul
fatima ayesha aisha khadija zainab maryam mariam noor nour sara sarah nadia layla leila salma yasmin amina hina sana saira
ali khan malik shah butt chaudhry raja rana qureshi siddiqui ansari hashmi pathan punjabi sindhi balochi kashmir kashmiri
punjab sindh peshawar quetta multan faisalabad rawalpindi sialkot gujranwala hyderabad pakistani pakistanarmy pakarmy jeevaypakistan
dilsay mohabbat pyar zindagi jaan jaaneman janu meri mera merijaan maa ammi abbu babajan dost yaar sahib sweetu
misr masry masria almasry alahly zamalek ahlawy iskandaria aswan luxor giza nile pharaoh omaldonia umaldunya
bahrain oman muscat doha jordan amman beirut lebanon syria damascus iraq baghdad palestine alquds jerusalem morocco tunis
london londonbridge england123 manutd mancity tottenham spurs westham everton newcastle celtic rangers birmingham leeds
كلمةالسر كلمةالمرور بسمالله الحمدلله سبحانالله اللهاكبر لاالهالاالله محمد احمد حبيبي مصر القاهرة عيادة
پاسورڈ خفیہ پاکستان پاکستانزندہباد کراچی لاہور بسماللہ محبت زندگی کلینک ڈاکٹر
`

/** All in lower case, read once. */
export const commonPasswords: ReadonlySet<string> = new Set([
  ...leakedPasswords,
  ...ours.trim().split(/\s+/),
  'correct horse battery staple',
])
