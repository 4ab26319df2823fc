import Table from 'cli-table3';
import { Command } from 'commander';
import { channelGroups, cost, readNetwork } from '@tersor/network';
import { printable, type LayerGraph } from '@tersor/core';
import { modelSource, withModelOptions, type ModelOptions } from '../option-values.js';
import { grouped } from '../tables/figures.js';

interface Options extends ModelOptions {
  groups?: boolean;
  json?: boolean;
}

/** `tersor inspect <model>`: layers, cost, and what can be pruned. */
export function inspectCommand(): Command {
  return withModelOptions(new Command('inspect'))
    .description("show a model's layers, their cost, and which channels can be pruned")
    .argument('<model>', 'model.json, its folder, or model.tersor')
    .option('--groups', 'explain the channel groups and what is frozen')
    .option('--json', 'print as JSON')
    .action(async (path: string, given: Options) => {
      const report = describe(await readNetwork(modelSource(path, given), { searchFrom: [__dirname] }));
      const text = given.json
        ? `${JSON.stringify(report, undefined, 2)}\n`
        : given.groups
          ? groupsText(report)
          : layersText(report);
      // Names of layers come from the file.
      process.stdout.write(printable(text));
    });
}

type Report = ReturnType<typeof describe>;

function describe(graph: LayerGraph) {
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
    layers,
    groups: described,
    barriers,
  };
}

function layersText({ layers, parameters, macs, groups, barriers }: Report): string {
  const table = new Table({
    head: ['layer', 'class', 'output', 'parameters', 'MACs', 'prunable group'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'left', 'right', 'right', 'left'],
  });
  for (const layer of layers)
    table.push([
      layer.name,
      layer.class,
      layer.outputShape.map((size) => size ?? '?').join('x'),
      grouped(layer.parameters),
      grouped(layer.macs),
      layer.group ?? (layer.frozen ? 'frozen' : ''),
    ]);
  const channels = groups.reduce((sum, group) => sum + group.channels, 0);
  return `${table.toString()}\n${grouped(parameters)} parameters, ${grouped(macs)} multiply-adds, ${groups.length} groups with ${channels} prunable channels, ${barriers.length} frozen\n`;
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
