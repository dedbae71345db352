// Where a page of the patient's own side stands.
import type { Instant } from '../../../kernel/time.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { headOf, homeOf, type Place } from '../../booking/rules/head.ts'

export type Scene = Place & { speaker: Speaker; now: Instant }

export const startOf = (scene: Scene) => homeOf(scene, '/privacy')
export const pathOf = (scene: Scene, token: string, rest = '') => homeOf(scene, `/privacy/open/${token}${rest}`)

/** What every page of these has. */
export const frameOf = (scene: Scene) => ({ clinic: headOf(scene) })
