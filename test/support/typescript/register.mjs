// Tests run from source. The runner's own loader makes JavaScript of each module in each of two hundred processes, which was most of what the
// suite cost; this one, which goes before it, does so once and keeps the result (.taprc, `node-arg`).
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
