// Writes what is read at a start instead of parsing .proto files: proto/base.binpb for the gateway, proto/services.json for the core. `npm run generate` runs
// this; tests fail when the files do not fit proto/ or the packages that are installed.
import { writeFileSync } from 'node:fs';
import { baseSetBytes } from './base-set.js';
import { serviceTypesText } from './service-types.js';

writeFileSync(new URL('../proto/base.binpb', import.meta.url), baseSetBytes());
writeFileSync(new URL('../proto/services.json', import.meta.url), serviceTypesText());
