export { startUi, type Ui, type UiOptions } from './server/start-ui.js';
