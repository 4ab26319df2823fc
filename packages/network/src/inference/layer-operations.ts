import { isChannelsFirst } from '../graph/channels-first.js';
import type { EmittedOperation, OperationSite } from '../layers/layer-facts.js';
import { factsOf } from '../layers/layer-table.js';

/**
 * The operations of a layer at inference, in order; empty for a layer that passes its input on. `undefined`
 * if they are not known and the stock layer must run it. Operations have channels last, so a layer with
 * channels first is run by the stock layer too, unless it does nothing.
 */
export function layerOperations(site: OperationSite): readonly EmittedOperation[] | undefined {
  const emitted = factsOf(site.layer)?.operations?.(site);
  return emitted && emitted.length > 0 && isChannelsFirst(site.layer) ? undefined : emitted;
}
