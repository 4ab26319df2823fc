import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const docs = fileURLToPath(new URL('..', import.meta.url));
/** A page that does not exist yet is left out; a link to it from a page would still fail the build. */
const page = (text, link) => (existsSync(`${docs}${link}.md`) ? [{ text, link }] : []);
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
      ['Budgets', '/guide/budgets'],
      ['Resuming', '/guide/resuming'],
      ['Comparing', '/guide/comparing'],
      ['Clusters', '/guide/cluster'],
      ['The report', '/guide/report'],
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
      ['Contracts', '/guide/plugins-contracts'],
      ['Formats: the layer graph', '/guide/layer-graph'],
      ['A format as a plugin', '/guide/format-plugins'],
      ["Layers of Tersor's own", '/guide/own-layers'],
    ),
  },
  {
    text: 'Agents',
    items: pages(
      ['DDPG', '/agents/ddpg'],
      ['PPO', '/agents/ppo'],
      ['Ensemble', '/agents/ensemble'],
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
      ['wasm', '/backends/wasm'],
      ['node', '/backends/node'],
      ['webgpu', '/backends/webgpu'],
      ['cpu', '/backends/cpu'],
    ),
  },
  {
    text: 'Pruning and quantization',
    items: pages(
      ['Channel pruner', '/plugins/pruner-channel'],
      ['Variational pruner', '/plugins/pruner-variational'],
      ['Linear quantizer', '/plugins/quantizer-linear'],
      ['k-means quantizer', '/plugins/quantizer-kmeans'],
      ['Few bits', '/guide/few-bits'],
      ['Refining without labels', '/guide/refine'],
      ['Activations', '/guide/activations'],
      ['Keras files', '/plugins/format-keras'],
      ['ONNX files', '/plugins/format-onnx'],
      ['ONNX operators', '/plugins/onnx-operators'],
      ['ONNX networks', '/plugins/onnx-networks'],
      ['GraphModels', '/plugins/format-tfjs-graph'],
      ['Operators of GraphModels', '/plugins/graph-operators'],
      ['Data sets', '/plugins/datasets'],
      ['Rewards', '/plugins/rewards'],
      ['Environments', '/plugins/environments'],
      ['Limits', '/plugins/limits'],
      ['Writing a pruner', '/plugins/writing-pruners'],
      ['All plugins', '/plugins/index'],
    ),
  },
  {
    text: 'Reference',
    items: pages(
      ['Architecture', '/architecture'],
      ['Error codes', '/errors'],
      ['File format', '/format'],
      ['Benchmarks', '/benchmarks/index'],
      ['API', '/api/index'],
      ['Decisions', '/decisions/index'],
    ),
  },
].filter(({ items }) => items.length > 0);

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
  // Reports that stand beside the pages.
  ignoreDeadLinks: [/^\/(studies|runs)\//],
  title: 'Tersor',
  description: 'Makes convolutional networks small with deep reinforcement learning, in TypeScript',
  // Generated types hold angle brackets in prose now and then; they are text, not Vue.
  markdown: { html: false, config: withoutComments },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    ...(link && { socialLinks: [{ icon: 'github', link }] }),
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          searchOptions: {
            // Who searches wants to read how; the API names everything, too.
            boostDocument: (id) => (id.includes('/api/') ? 0.2 : id.includes('/guide/') ? 1.5 : 1),
          },
        },
      },
    },
  },
});
