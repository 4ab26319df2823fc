import { Command } from 'commander';
import { channelGroups, cost, layerBytes, openModel, type ModelFile } from '@tersor/network';
import { grouped, printable, type GraphLayer, type WeightCodes } from '@tersor/core';
import { modelSource, withModelOptions, type ModelOptions } from '../option-values.js';
import { fitTable } from '../screen/fit-table.js';
import { wrapLines } from '../screen/wrap-lines.js';

interface Options extends ModelOptions {
  groups?: boolean;
  json?: boolean;
}

/** `tersor inspect <model>`: shows layers, cost, and what can be pruned. */
export function inspectCommand(): Command {
  return withModelOptions(new Command('inspect'))
    .description("show a model's layers, their cost, and which channels can be pruned")
    .argument('<model>', 'model.json, its folder, or model.tersor')
    .option('--groups', 'explain the channel groups and what is frozen')
    .option('--json', 'print as JSON')
    .action(async (path: string, given: Options) => {
      const model = await openModel(modelSource(path, given), { searchFrom: [__dirname] });
      const report = await describe(model);
      // Names of layers come from the file, so make them safe to print.
      process.stdout.write(
        given.json
          ? printable(`${JSON.stringify(report, undefined, 2)}\n`)
          : given.groups
            ? printable(groupsText(report))
            : layersText(report),
      );
    });
}

type Report = Awaited<ReturnType<typeof describe>>;

async function describe(model: ModelFile) {
  const graph = await model.read();
  const codes = await model.codes();
  const bytes = await layerBytes(model, graph);
  const { groups, barriers } = channelGroups(graph);
  const costs = cost(graph);
  const layers = graph.layers.map((layer) => {
    const own = costs.layers.find(({ name }) => name === layer.name);
    return {
      name: layer.name,
      class: layer.className,
      outputShape: graph.calls.find((call) => call.layer === layer.name)!.outputShape,
      parameters: own?.parameters ?? 0,
      macs: own?.macs ?? 0,
      ...storageOf(layer, codes, bytes),
      group: groups.find((group) =>
        group.members.some((member) => member.layer === layer.name && member.role === 'produces'),
      )?.name,
      frozen: barriers.find((barrier) => barrier.layer === layer.name)?.reason,
    };
  });
  const described = groups.map((group) => ({
    name: group.name,
    channels: group.channels,
    members: group.members.map(({ layer, weight, axis, role }) => ({ layer, weight, axis, role })),
  }));
  return {
    name: graph.name,
    parameters: costs.parameters,
    macs: costs.macs,
    bytes: await model.bytes(),
    layers,
    groups: described,
    barriers,
  };
}

/** How the weights of a layer are stored: bits of its kernels' codes and, if the file has them, bytes. */
function storageOf(
  { name, weights }: GraphLayer,
  codes: WeightCodes,
  bytes: ReadonlyMap<string, number> | undefined,
): { bits?: number; bytes?: number } {
  const bits = weights.flatMap((weight) => codes.get(`${name}/${weight.name}`)?.bits ?? []);
  return {
    ...(bits.length > 0 && { bits: Math.max(...bits) }),
    ...(bytes?.has(name) && { bytes: bytes.get(name)! }),
  };
}

function layersText({ layers, parameters, macs, bytes, groups, barriers }: Report): string {
  const isPacked = layers.some((layer) => layer.bytes !== undefined);
  const head = ['layer', 'class', 'output', 'parameters', 'MACs'];
  const right = [3, 4, ...(isPacked ? [5, 6] : [])];
  // A packed model has been pruned already, so its storage matters more than what could be pruned.
  head.push(...(isPacked ? ['bits', 'bytes'] : ['prunable group']));
  const rows = layers.map((layer) => [
    layer.name,
    layer.class,
    layer.outputShape.map((size) => size ?? '?').join('x'),
    grouped(layer.parameters),
    grouped(layer.macs),
    ...(isPacked
      ? [
          layer.bits?.toString() ?? (layer.parameters > 0 ? 'float' : ''),
          layer.bytes === undefined ? '' : grouped(layer.bytes),
        ]
      : [layer.group ?? (layer.frozen ? 'frozen' : '')]),
  ]);
  const channels = groups.reduce((sum, group) => sum + group.channels, 0);
  const sums = `${grouped(parameters)} parameters, ${grouped(macs)} multiply-adds, ${grouped(bytes)} bytes, ${groups.length} groups with ${channels} prunable channels, ${barriers.length} frozen`;
  return `${fitTable({ head, rows, right })}\n${wrapLines(sums)}\n`;
}

function groupsText({ groups, barriers }: Report): string {
  const lines = groups.flatMap(({ name, channels, members }) => [
    `${name}: ${channels} channels, removed together from`,
    ...members.map(
      ({ layer, weight, axis, role }) => `  ${layer}/${weight} along axis ${axis} (${role} them)`,
    ),
  ]);
  return [...lines, ...barriers.map(({ layer, reason }) => `frozen: ${layer}: ${reason}`)].join('\n') + '\n';
}
