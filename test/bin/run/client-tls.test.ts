import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { ClientTlsFiles } from '../../../bin/run/client-tls.js';
import type { GatewaySettings } from '../../../bin/run/sources.js';
import type { ClientTls } from '../../../gateway/index.js';
import { createCertificate } from '../../support/certificate.js';
import { until } from '../../support/http.js';

/** Files as Kubernetes has them: a link that is replaced, far above them. */
function stage(t: Test) {
  const folder = t.testdir({});
  let version = 0;
  const put = (files: Record<string, string | Buffer>) => {
    version += 1;
    const next = join(folder, `v${version}`);
    mkdirSync(next);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(next, name), content);
    symlinkSync(next, join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, 'now'));
  };
  const values = {
    tlsCert: join(folder, 'now', 'tls.crt'),
    tlsKey: join(folder, 'now', 'tls.key'),
    tlsClientCa: undefined,
  };
  const settings = { values, origins: { tlsCert: { kind: 'flag' }, tlsKey: { kind: 'flag' } } };
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const used: ClientTls[] = [];
  const gateway = {
    useTls(tls: ClientTls) {
      if (String(tls.cert) === 'broken')
        throw new TypeError('the certificates for clients cannot be used: broken');
      used.push(tls);
    },
  };
  return {
    put,
    lines,
    log,
    used,
    gateway,
    files: new ClientTlsFiles(settings as unknown as GatewaySettings),
  };
}

t.test(
  'certificates are read again when their files change, and broken ones are an error in the log',
  async (t) => {
    const { put, lines, log, used, gateway, files } = stage(t);
    const [one, two] = [createCertificate('localhost'), createCertificate('localhost')];
    put({ 'tls.crt': one.cert, 'tls.key': one.key });
    t.same(await files.read(), one);
    files.watch(gateway, log);
    put({ 'tls.crt': 'broken', 'tls.key': one.key });
    await until(t, 'the error', () => lines.length === 1);
    t.match(lines[0], {
      level: 50,
      msg: 'the certificates cannot be read again, the old ones stay',
      problem: /broken/,
    });
    put({ 'tls.key': two.key });
    await until(t, 'another', () => lines.length === 2);
    t.match(lines[1], { level: 50, problem: /--tls-cert .*ENOENT|--tls-cert .*no such file/i });
    t.equal(used.length, 0);
    put({ 'tls.crt': two.cert, 'tls.key': two.key });
    await until(t, 'the new ones', () => used.length === 1);
    t.same(used[0], two);
    t.match(lines[2], { level: 30, msg: 'certificates read again' });
    await files.reload(gateway, log);
    t.equal(used.length, 2, 'and whenever somebody asks');
  },
);

t.test(
  'what becomes of clients without a certificate is told with the authorities of those that have one',
  async (t) => {
    const folder = t.testdir({ 'tls.crt': 'cert', 'tls.key': 'key', 'ca.crt': 'authorities' });
    const [cert, key, clientCa] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => join(folder, name));
    for (const clientAuth of ['require', 'request']) {
      const settings = {
        values: { tlsCert: cert, tlsKey: key, tlsClientCa: clientCa, tlsClientAuth: clientAuth },
        origins: {},
      };
      const read = await new ClientTlsFiles(settings as unknown as GatewaySettings).read();
      t.same(read, {
        cert: Buffer.from('cert'),
        key: Buffer.from('key'),
        clientCa: Buffer.from('authorities'),
        clientAuth,
      });
    }
  },
);
