import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const docs = fileURLToPath(new URL('..', import.meta.url));
/** A page that does not exist yet is left out; a link to it from a page would still fail the build. */
const page = (text, link) =>
  existsSync(`${docs}${link}.md`) ? [{ text, link: link.replace(/\/index$/, '/') }] : [];
const pages = (...entries) => entries.flatMap(([text, link]) => page(text, link));

const sidebar = [
  {
    text: 'Start',
    items: pages(
      ['Quick start', '/guide/quick-start'],
      ['Installing', '/guide/installing'],
      ['Concepts', '/guide/concepts'],
      ['Models', '/guide/models'],
      ['From PyTorch', '/guide/pytorch'],
      ['Layers', '/guide/layers'],
      ['ONNX out', '/guide/onnx-out'],
      ['A real ONNX file', '/benchmarks/ocr-direction'],
      ['Training', '/guide/training'],
      ['Running', '/guide/running'],
      ['Watching runs', '/guide/ui'],
      ['The report', '/guide/report'],
      ['What it looks like', '/guide/pictures'],
      ['Budgets', '/guide/budgets'],
      ['Milliseconds', '/guide/latency'],
      ['Milliseconds in a browser', '/guide/browser-latency'],
      ['Cheaper and more reliable searches', '/guide/searches'],
      ['Racing', '/guide/racing'],
      ['Learning from earlier runs', '/guide/earlier-runs'],
      ['Applying a policy', '/guide/apply'],
      ['Resuming', '/guide/resuming'],
      ['Comparing', '/guide/comparing'],
      ['Large grids', '/guide/adaptive-studies'],
      ['Clusters', '/guide/cluster'],
      ['Array jobs', '/guide/array-jobs'],
      ['Runners of trials', '/guide/runners'],
    ),
  },
  {
    text: 'For you',
    items: pages(
      ['Engineers', '/guide/engineers'],
      ['Researchers', '/guide/researchers'],
      ['ImageNet', '/guide/imagenet'],
      ['Web developers', '/guide/web'],
      ['In the browser', '/guide/browser'],
      ['Plugin authors', '/guide/plugins-authoring'],
      ['Formats: the layer graph', '/guide/layer-graph'],
      ['A format as a plugin', '/guide/format-plugins'],
      ["Layers of Tersor's own", '/guide/own-layers'],
    ),
  },
  {
    text: 'Agents',
    items: pages(
      ['Which agent?', '/agents/index'],
      ['DDPG', '/agents/ddpg'],
      ['DDPG, few evaluations', '/agents/ddpg-few-evaluations'],
      ['PPO', '/agents/ppo'],
      ['PPO, its last policies', '/agents/ppo-last-policies'],
      ['Ensemble', '/agents/ensemble'],
      ['Shared critics', '/agents/ensemble-shared'],
      ['Baselines', '/agents/baselines'],
      ['random', '/agents/random'],
      ['uniform', '/agents/uniform'],
      ['magnitude', '/agents/magnitude'],
      ['heuristic', '/agents/heuristic'],
      ['evolution', '/agents/evolution'],
    ),
  },
  {
    text: 'Backends',
    items: pages(
      ['Which backend?', '/backends/index'],
      ['wasm', '/backends/wasm'],
      ['node', '/backends/node'],
      ['Precision on node', '/backends/precision'],
      ['webgpu', '/backends/webgpu'],
      ['cpu', '/backends/cpu'],
    ),
  },
  {
    text: 'Pruning and quantization',
    items: pages(
      ['Channel pruner', '/plugins/pruner-channel'],
      ['Channels by reconstruction', '/plugins/channel-reconstruction'],
      ['Refit of channels', '/plugins/channel-refit'],
      ['Refit in order', '/plugins/refit-in-order'],
      ['Re-estimated batch norms', '/plugins/batch-norms'],
      ['Variational pruner', '/plugins/pruner-variational'],
      ['Refit of slices', '/plugins/slice-refit'],
      ['Linear quantizer', '/plugins/quantizer-linear'],
      ['k-means quantizer', '/plugins/quantizer-kmeans'],
      ['Few bits', '/guide/few-bits'],
      ['How codes are calibrated', '/plugins/calibrated-codes'],
      ['Refining without labels', '/guide/refine'],
      ['Activations', '/guide/activations'],
      ['Keras files', '/plugins/format-keras'],
      ['ONNX files', '/plugins/format-onnx'],
      ['ONNX operators', '/plugins/onnx-operators'],
      ['ONNX networks', '/plugins/onnx-networks'],
      ['GraphModels', '/plugins/format-tfjs-graph'],
      ['Operators of GraphModels', '/plugins/graph-operators'],
      ['Data sets', '/plugins/datasets'],
      ['image-folder', '/plugins/dataset-image-folder'],
      ['BullMQ', '/plugins/runner-bullmq'],
      ['Rewards', '/plugins/rewards'],
      ['Environments', '/plugins/environments'],
      ['residual', '/plugins/environment-residual'],
      ['Limits', '/plugins/limits'],
      ['Writing a pruner', '/plugins/writing-pruners'],
      ['Writing a backend', '/plugins/writing-backends'],
      ['All plugins', '/plugins/index'],
    ),
  },
  {
    text: 'Reference',
    items: pages(
      ['Architecture', '/architecture'],
      ['What a run leaves', '/guide/results'],
      ['Statistics of a study', '/guide/statistics'],
      ['Contracts of plugins', '/guide/plugins-contracts'],
      ['Errors of plugins', '/plugins/errors'],
      ['Error codes', '/errors'],
      ['File format', '/format'],
      ['Benchmarks', '/benchmarks/index'],
      ['API', '/api/index'],
      ['Decisions', '/decisions/index'],
    ),
  },
].filter(({ items }) => items.length > 0);

/** A page outside the sidebar has no page after it: VitePress would offer the first one. */
function withoutNeighbours({ relativePath, frontmatter }) {
  const address = `/${relativePath}`.replace(/(index)?\.md$/, '');
  const isListed = sidebar.some(({ items }) => items.some(({ link }) => link === address));
  if (address !== '/' && !isListed) return { frontmatter: { ...frontmatter, prev: false, next: false } };
}

/** The comments that mark figures on the benchmark pages (bench/pages) are not for readers. */
function withoutComments(markdown) {
  const parse = markdown.parse.bind(markdown);
  markdown.parse = (source, env) => parse(source.replace(/<!--.*?-->/gs, ''), env);
}

const { repository } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const link = (repository?.url ?? repository)?.replace(/^git\+/, '').replace(/\.git$/, '');
// For project pages: DOCS_BASE=/tersor/ npm run docs:build
const base = process.env.DOCS_BASE ?? '/';

export default defineConfig({
  base,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}favicon.svg` }]],
  // Reports, which the build puts beside the pages.
  ignoreDeadLinks: [/^\/(studies|runs)\//],
  title: 'Tersor',
  description: 'Makes convolutional networks small with deep reinforcement learning, in TypeScript',
  // Generated API pages contain angle brackets in prose; they are text, not Vue.
  markdown: { html: false, config: withoutComments },
  transformPageData: withoutNeighbours,
  themeConfig: {
    sidebar,
    outline: [2, 3],
    ...(link && { socialLinks: [{ icon: 'github', link }] }),
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          searchOptions: {
            // Readers look for instructions first; API pages contain every word as well.
            boostDocument: (id) => (id.includes('/api/') ? 0.2 : id.includes('/guide/') ? 1.5 : 1),
          },
        },
      },
    },
  },
});
