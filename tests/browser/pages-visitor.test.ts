import { expect, it } from 'vitest'
import { expectUsable } from '../support/browser.ts'
import { describeEveryPageOf } from './every-page.ts'

describeEveryPageOf(['visitor'], (scene) => {
  it.each(['en', 'ar'])('that is not there, in %s', async (lang) => {
    const { page, world } = scene()
    for (const path of ['/nothing-here', `/c/${world.here.slug}/nothing-here`, '/a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']) {
      const answer = await page.goto(`${path}?lang=${lang}`)
      expect(answer?.status()).toBe(404)
      await expectUsable(page)
    }
  })

  // Else all of the above would pass with a check that looks at nothing.
  it.each([
    ['image-alt', '<img src="data:,">'],
    ['label', '<input name="phone">'],
    ['color-contrast', '<p style="color: #999; background: #fff">Pale</p>'],
  ])('is told when it has the fault %s', async (_rule, html) => {
    const { page } = scene()
    // A page of no site, whose content policy would otherwise hold for this one.
    await page.goto('about:blank')
    await page.setContent(`<html lang="en"><title>Faulty</title><main><h1>Faulty</h1>${html}</main></html>`)
    await expect(expectUsable(page)).rejects.toThrow('axe on')
  })
})
