import { isChannelsFirst } from '../graph/channels-first.js';
import type { EmittedOperation, OperationSite } from '../layers/layer-facts.js';
import { factsOf } from '../layers/layer-table.js';

/**
 * The operations, in order, that a layer is at inference; none for a layer that passes its input on.
 * `undefined`: not known, so the stock layer must run it. Plans have their channels last, so a layer that has
 * them first is run by the stock layer too, unless it does nothing.
 */
export function layerOperations(site: OperationSite): readonly EmittedOperation[] | undefined {
  const emitted = factsOf(site.layer)?.operations?.(site);
  return emitted && emitted.length > 0 && isChannelsFirst(site.layer) ? undefined : emitted;
}
