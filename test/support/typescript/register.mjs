// What runs from source outside of a test run: `node --import ./test/support/typescript/register.mjs FILE`. It makes JavaScript of each module
// once and keeps the result. A test run (`npm run tap`) has its tests bundled before, and no loader (../suite/bundle.mjs).
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
