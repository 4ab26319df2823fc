// Draws bench/agents/results/pendulum-*.json as docs/images/pendulum.svg. Run: node bench/agents/curves.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../..', import.meta.url);
const { init } = createRequire(fileURLToPath(new URL('packages/study/package.json', root)))('echarts');
const COLOURS = { ddpg: '#1f6feb', ppo: '#d9480f' };

const series = Object.entries(COLOURS).flatMap(([agent, color]) => {
  const { runs, window } = JSON.parse(
    readFileSync(new URL(`bench/agents/results/pendulum-${agent}.json`, root), 'utf8'),
  );
  return runs.map(({ curve }) => ({
    type: 'line',
    name: agent,
    showSymbol: false,
    color,
    data: curve.map((reward, i) => [((i + 1) * window * 200) / 1000, reward]),
  }));
});
const chart = init(undefined, undefined, { renderer: 'svg', ssr: true, width: 720, height: 340 });
chart.setOption({
  animation: false,
  backgroundColor: '#fff',
  textStyle: { fontFamily: 'sans-serif' },
  title: {
    text: 'Pendulum: mean reward of ten episodes while learning, three seeds each',
    textStyle: { fontSize: 14, fontWeight: 'normal' },
  },
  legend: { top: 28 },
  grid: { top: 64, left: 64, right: 24, bottom: 48 },
  xAxis: { type: 'log', name: 'thousand steps', nameLocation: 'middle', nameGap: 28, min: 2 },
  yAxis: { type: 'value', name: 'reward', min: -1600, max: 0 },
  series,
});
writeFileSync(new URL('docs/images/pendulum.svg', root), `${chart.renderToSVGString()}\n`);
chart.dispose();
