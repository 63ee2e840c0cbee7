/** Where the gateway is, without a slash at the end: this file is at `_sluice/page/playground/` of it, whatever path a proxy puts before that. */
export const GATEWAY_ADDRESS = new URL('../../..', import.meta.url).href.replace(/\/$/, '');
