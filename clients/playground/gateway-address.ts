/** The URL of the gateway, without a slash at the end: this file is below it at `_sluice/page/playground/`, whatever path a proxy puts before that. */
export const GATEWAY_ADDRESS = new URL('../../..', import.meta.url).href.replace(/\/$/, '');
