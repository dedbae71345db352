// Three believable clinics. All people are invented; the numbers of the clinics are from ranges nobody answers.
import type { Language } from '../src/platform/i18n/languages.ts'

export type SeedShift = { location: number; days: number[]; from: string; to: string }
export type SeedPractitioner = { name: string; title: string; services: number[]; shifts: SeedShift[] }
export type SeedService = {
  name: string
  minutes: number
  price: number
  before?: number
  after?: number
  capacity?: number
  online?: boolean
}
export type SeedClinic = {
  slug: string
  name: string
  city: string
  country: string
  zone: string
  currency: string
  language: Language
  accent: string
  specialty: string
  about: string
  phone: string
  whatsapp: string
  languages: string
  bring: string
  stepMin: number
  /** What is done about people who miss visits; nothing if not said. */
  missedRule?: 'confirm' | 'call'
  locations: { name: string; address: string; mapUrl: string }[]
  services: SeedService[]
  practitioners: SeedPractitioner[]
  staff: { owner: string; doctor: string; desk: string; assistant?: string; accountant?: string }
  /** How a patient's mobile number is made: the fixed beginning and how many digits follow. */
  mobile: { prefixes: string[]; digits: number }
  names: { first: string[]; last: string[] }
  patientLanguages: Language[]
}

const weekdays = [1, 2, 3, 4, 5]

export const seedClinics: SeedClinic[] = [
  {
    slug: 'shifa',
    name: 'Shifa Family Clinic',
    city: 'Karachi',
    country: 'PK',
    zone: 'Asia/Karachi',
    currency: 'PKR',
    language: 'ur',
    accent: 'teal',
    specialty: 'general_practice',
    about: 'گلشن اور کلفٹن میں پورے خاندان کے معالج۔\nFamily doctors in Gulshan and Clifton since 2009.',
    phone: '+922134980000',
    whatsapp: '+923001110000',
    languages: 'ur en',
    bring: 'پرانی رپورٹیں اور جو دوائیں چل رہی ہوں ساتھ لائیں۔',
    stepMin: 15,
    missedRule: 'confirm',
    locations: [
      {
        name: 'Gulshan-e-Iqbal',
        address: 'Block 5, Rashid Minhas Road, Gulshan-e-Iqbal, Karachi',
        mapUrl: 'https://maps.google.com/?q=Gulshan-e-Iqbal+Block+5+Karachi',
      },
      {
        name: 'Clifton',
        address: 'Block 8, Khayaban-e-Iqbal, Clifton, Karachi',
        mapUrl: 'https://maps.google.com/?q=Clifton+Block+8+Karachi',
      },
    ],
    services: [
      { name: 'General consultation · معائنہ', minutes: 15, price: 1500 },
      { name: 'Follow-up · دوبارہ معائنہ', minutes: 15, price: 800 },
      { name: 'Child check-up · بچوں کا معائنہ', minutes: 30, price: 2000, after: 5 },
      { name: 'Diabetes review · شوگر کا جائزہ', minutes: 30, price: 2500 },
      { name: 'Vaccination · ٹیکہ', minutes: 15, price: 1200, online: false },
    ],
    practitioners: [
      {
        name: 'Dr Sana Malik',
        title: 'MBBS, FCPS, family medicine',
        services: [0, 1, 2, 3, 4],
        shifts: [
          { location: 0, days: [1, 2, 3, 4, 6], from: '10:00', to: '14:00' },
          { location: 0, days: [1, 2, 3, 4, 6], from: '17:00', to: '21:00' },
          { location: 0, days: [5], from: '15:00', to: '21:00' },
        ],
      },
      {
        name: 'Dr Hamid Raza',
        title: 'MBBS, MRCP, internal medicine',
        services: [0, 1, 3],
        shifts: [
          { location: 1, days: [1, 3, 5], from: '16:30', to: '21:30' },
          { location: 0, days: [2, 4, 6], from: '11:00', to: '15:00' },
          { location: 0, days: [7], from: '18:00', to: '21:00' },
        ],
      },
      {
        name: 'Dr Mehwish Iqbal',
        title: 'MBBS, DCH, children',
        services: [0, 1, 2, 4],
        shifts: [
          { location: 1, days: [1, 2, 3, 4, 6], from: '10:30', to: '14:30' },
          { location: 1, days: [2, 4, 6, 7], from: '17:00', to: '20:00' },
        ],
      },
    ],
    staff: {
      owner: 'Nadia Khan',
      doctor: 'Dr Sana Malik',
      desk: 'Bilal Ahmed',
      assistant: 'Maryam Iqbal',
      accountant: 'Faisal Rafiq',
    },
    mobile: { prefixes: ['+92300', '+92321', '+92333', '+92345'], digits: 7 },
    names: {
      first: ['Ayesha', 'Fatima', 'Zainab', 'Hina', 'Maryam', 'Sadia', 'Rabia', 'Amna', 'Ali', 'Hassan', 'Usman', 'Imran', 'Kashif', 'Saad', 'Tariq', 'Yusuf', 'عائشہ', 'محمد', 'فاطمہ', 'احمد', 'زینب', 'عمران'],
      last: ['Khan', 'Ahmed', 'Siddiqui', 'Qureshi', 'Sheikh', 'Ansari', 'Baig', 'Mirza', 'Hussain', 'Raza', 'Jamil', 'Akhtar', 'خان', 'قریشی', 'صدیقی'],
    },
    patientLanguages: ['ur', 'ur', 'ur', 'en'],
  },
  {
    slug: 'nour-dental',
    name: 'عيادة نور لطب الأسنان',
    city: 'القاهرة',
    country: 'EG',
    zone: 'Africa/Cairo',
    currency: 'EGP',
    language: 'ar',
    accent: 'indigo',
    specialty: 'dental',
    about: 'طب أسنان هادئ للكبار والصغار في مدينة نصر، بمواعيد تُحترم.',
    phone: '+20222700000',
    whatsapp: '+201001110000',
    languages: 'ar en',
    bring: 'الأشعة السابقة إن وُجدت.',
    stepMin: 30,
    missedRule: 'call',
    locations: [
      {
        name: 'مدينة نصر',
        address: '١٢ شارع عباس العقاد، مدينة نصر، القاهرة',
        mapUrl: 'https://maps.google.com/?q=Abbas+El+Akkad+Nasr+City+Cairo',
      },
    ],
    services: [
      { name: 'كشف أسنان', minutes: 30, price: 300 },
      { name: 'تنظيف وتلميع', minutes: 45, price: 600, after: 15 },
      { name: 'حشو', minutes: 60, price: 900, after: 15 },
      { name: 'علاج عصب', minutes: 90, price: 2200, after: 15 },
      { name: 'متابعة', minutes: 30, price: 150 },
    ],
    practitioners: [
      {
        name: 'د. نور الشريف',
        title: 'استشاري طب الأسنان',
        services: [0, 1, 2, 3, 4],
        shifts: [
          { location: 0, days: [6, 7, 1, 2, 3], from: '11:00', to: '15:00' },
          { location: 0, days: [6, 7, 1, 2, 3], from: '17:00', to: '22:00' },
        ],
      },
      {
        name: 'د. كريم منصور',
        title: 'أخصائي علاج الجذور',
        services: [0, 2, 3, 4],
        shifts: [
          { location: 0, days: [6, 1, 3], from: '16:00', to: '22:00' },
          { location: 0, days: [4], from: '12:00', to: '18:00' },
        ],
      },
    ],
    staff: { owner: 'هبة الشريف', doctor: 'د. نور الشريف', desk: 'منى عادل' },
    mobile: { prefixes: ['+2010', '+2011', '+2012'], digits: 8 },
    names: {
      first: ['محمد', 'أحمد', 'محمود', 'يوسف', 'كريم', 'عمر', 'منى', 'سارة', 'مريم', 'نورهان', 'هدى', 'ياسمين', 'فاطمة', 'ليلى', 'خالد', 'طارق'],
      last: ['حسن', 'إبراهيم', 'عبد الله', 'السيد', 'فؤاد', 'صبري', 'عادل', 'رمضان', 'سليمان', 'شعبان', 'فاروق', 'جمال'],
    },
    patientLanguages: ['ar', 'ar', 'ar', 'ar', 'en'],
  },
  {
    slug: 'thames-physio',
    name: 'Thames Physio',
    city: 'London',
    country: 'GB',
    zone: 'Europe/London',
    currency: 'GBP',
    language: 'en',
    accent: 'blue',
    specialty: 'physiotherapy',
    about: 'Physiotherapists by the river in Putney. Back, neck, knees, and people who run too much.',
    phone: '+442079460000',
    whatsapp: '+447911120000',
    languages: 'en ar',
    bring: 'Comfortable clothes, and any letter from your GP.',
    stepMin: 15,
    locations: [
      {
        name: 'Putney',
        address: '14 Lower Richmond Road, London SW15 1JN',
        mapUrl: 'https://maps.google.com/?q=Lower+Richmond+Road+London+SW15',
      },
    ],
    services: [
      { name: 'First assessment', minutes: 45, price: 75, after: 15 },
      { name: 'Treatment session', minutes: 30, price: 55 },
      { name: 'Sports massage', minutes: 60, price: 70, after: 15 },
      { name: 'Back class (group)', minutes: 45, price: 18, capacity: 6 },
    ],
    practitioners: [
      {
        name: 'Hannah Price',
        title: 'MCSP, musculoskeletal',
        services: [0, 1, 3],
        shifts: [
          { location: 0, days: weekdays, from: '08:00', to: '12:30' },
          { location: 0, days: weekdays, from: '13:30', to: '17:00' },
        ],
      },
      {
        name: 'Tom Adeyemi',
        title: 'MCSP, sports',
        services: [0, 1, 2],
        shifts: [
          { location: 0, days: [1, 2, 4], from: '12:00', to: '20:00' },
          { location: 0, days: [6], from: '09:00', to: '14:00' },
          { location: 0, days: [7], from: '10:00', to: '14:00' },
        ],
      },
    ],
    staff: { owner: 'Grace Whitfield', doctor: 'Hannah Price', desk: 'Leah Morgan' },
    mobile: { prefixes: ['+447911', '+447712', '+447814'], digits: 6 },
    names: {
      first: ['Oliver', 'Amelia', 'George', 'Isla', 'Noah', 'Ava', 'Arthur', 'Mia', 'Leo', 'Freya', 'Samira', 'Daniel', 'Chidi', 'Priya', 'Eilidh', 'José'],
      last: ['Smith', 'Jones', 'Taylor', 'Brown', 'Williams', 'Evans', 'Okafor', 'Patel', 'Campbell', 'García', 'Hughes', 'Rahman'],
    },
    patientLanguages: ['en'],
  },
] // prettier-ignore
