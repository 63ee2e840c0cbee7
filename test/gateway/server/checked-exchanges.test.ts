import t from 'tap';
import { parseConfig } from '../../../gateway/server/config/index.js';
import { ALLOW, openAuthzService } from '../../support/authz-service.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, until } from '../../support/http.js';
import { connectHttp2 } from '../../support/http2-client.js';
import { authSurfaces } from './identity-surfaces.js';

const MOST = 3;
const CALL = { headers: { 'content-type': 'application/json' }, body: '{}' };
const PLEASE = ['let me in'];

t.test('who waits for the authorization service counts as an exchange, on every surface', async (t) => {
  let answer = () => {};
  let answered = Promise.resolve();
  const service = await openAuthzService(t, async () => {
    await answered;
    return ALLOW;
  });
  const config = await parseConfig(
    `auth:\n  extAuthz: { target: "${service.target}", timeoutMs: 10000 }\n`,
    'test.yaml',
  );
  const one = [{ out: await bytes({ text: 'a' }) }] as const;
  const open = () =>
    openForeign(t, { Ask: one, Down: one, Fetch: one }, { config, limits: { exchangesPerAddress: MOST } });
  const first = await open();
  const names = Object.keys(authSurfaces(first.url, connectHttp2(t, first.url)));
  // Its handshake is for nobody to allow: its calls are.
  const holders = names.filter((name) => name !== 'session');
  t.ok(holders.length >= 12, holders.join(', '));
  for (const holder of holders) {
    const { url, gateway } = await open();
    const surfaces = authSurfaces(url, connectHttp2(t, url));
    const asked = service.checks.length;
    answered = new Promise((resolve) => {
      answer = resolve;
    });
    const waiting = Promise.all(Array.from({ length: MOST }, () => surfaces[holder]?.(PLEASE)));
    await until(t, `${holder}: all to be asked about`, () => service.checks.length === asked + MOST);
    const beside = Object.entries(surfaces).map(async ([name, call]) => {
      // A session is refused before it can open a call.
      const { status, code } = await call(PLEASE).catch(({ message }) => ({
        status: message,
        code: undefined,
      }));
      t.ok(/429$/.test(String(status)) || code === 8, `${name} beside ${holder}: ${status} ${code}`);
    });
    await Promise.all(beside);
    t.equal(service.checks.length, asked + MOST, 'a refusal asks no service');
    answer();
    for (const got of await waiting) t.ok((got?.status ?? 0) < 300, `${holder}: in, ${got?.status}`);
    await until(t, `${holder}: nothing to be open`, () => gateway.openExchanges === 0);
    t.equal((await http(url + method('Ask'), CALL)).status, 200, `${holder}: there is room again`);
  }
});
