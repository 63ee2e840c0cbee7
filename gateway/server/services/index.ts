export { type MethodTypes, OwnServices, type OwnView } from './own-services.js';
