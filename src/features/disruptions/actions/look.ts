// What Today says of doctors who are late or away.
import type { Ctx } from '../../../platform/clinic-scope.ts'
import type { Speaker } from '../../../platform/i18n/speaker.ts'
import { listCurrentDisruptions } from '../queries.ts'
import { barOf, type DisruptionBar } from '../rules/words.ts'

/** One bar for each that is not over, with its way back and, while nobody was told, the time the messages leave. */
export async function barsOf(ctx: Ctx, speaker: Speaker): Promise<DisruptionBar[]> {
  return (await listCurrentDisruptions(ctx)).map((one) => barOf(ctx, speaker, one))
}
