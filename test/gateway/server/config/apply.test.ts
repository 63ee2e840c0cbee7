import t from 'tap';
import { configuredSchema, type GatewayConfig } from '../../../../gateway/server/config/index.js';
import { schemaFromText } from '../../schema/schema-from-text.js';

const TEXT = `
  message Q { string id = 1; }
  message Price { string symbol = 1; }
  message Line { string text = 1; }
  service Market {
    rpc Get(Q) returns (Price);
    rpc Watch(Q) returns (stream Price) { option (sluice.v1.stream) = { slow_reader: { policy: DISCONNECT } };
      option (google.api.http) = { get: "/watch" }; }
    rpc Trade(stream Q) returns (stream Price);
    rpc Log(Q) returns (stream Line);
  }
  service Other { rpc Watch(Q) returns (stream Price); }
`;

async function configure(t: Parameters<typeof schemaFromText>[0], methods: GatewayConfig['methods']) {
  const warnings: string[] = [];
  const given = await schemaFromText(t, TEXT);
  const schema = configuredSchema(given, { methods }, (problem) => warnings.push(problem));
  const policy = (name: string) => schema.methods.get(`/t.${name}`)?.slowReader.policy;
  return { given, schema, warnings, policy };
}

t.test(
  'the configuration wins over the proto, in the methods and in the routes; what it does not name stays',
  async (t) => {
    const { given, schema, warnings, policy } = await configure(t, {
      't.Market/Watch': { slowReader: { policy: 'conflate', key: 'symbol' } },
    });
    t.same(warnings, []);
    t.equal(policy('Market/Watch'), 'conflate');
    t.equal(policy('Market/Trade'), 'pause');
    t.equal(schema.routes.match('GET', '/watch')?.method.slowReader.policy, 'conflate');
    t.equal(schema.routes.match('POST', '/t.Market/Watch')?.method, schema.methods.get('/t.Market/Watch'));
    t.equal(
      given.methods.get('/t.Market/Watch')?.slowReader.policy,
      'disconnect',
      'a schema is never changed',
    );
    t.equal((await configure(t, {})).policy('Market/Watch'), 'disconnect');
  },
);

t.test('a whole service, and the exact name wins; methods without a stream are passed over', async (t) => {
  const { warnings, policy } = await configure(t, {
    't.Market/*': { slowReader: { policy: 'drop-oldest' } },
    't.Market/Watch': { slowReader: { policy: 'pause' } },
    't.Market/Log': {},
  });
  t.same(warnings, []);
  t.equal(policy('Market/Watch'), 'pause');
  t.equal(policy('Market/Trade'), 'drop-oldest');
  t.equal(policy('Market/Log'), 'drop-oldest', 'what the exact name does not say');
  t.equal(policy('Market/Get'), 'pause');
  t.equal(policy('Other/Watch'), 'pause');
});

t.test('what does not fit the schema is one warning each, and the service waits', async (t) => {
  const { warnings, policy } = await configure(t, {
    't.Market/Wach': {},
    't.Markt/*': {},
    'x.Y/Z': {},
    't.Market/Get': { slowReader: { policy: 'drop-oldest' } },
    't.Market/Watch': { slowReader: { policy: 'conflate', key: 'price' } },
    't.Other/*': { slowReader: { policy: 'conflate', key: 'nope' } },
  });
  t.same(warnings, [
    'methods."t.Market/Wach": the schema has no such method, did you mean t.Market/Watch?',
    'methods."t.Markt/*": the schema has no such service, did you mean t.Market/*?',
    'methods."x.Y/Z": the schema has no such method',
    'methods."t.Market/Get": slowReader: policy drop-oldest: the method does not stream its responses; the service waits',
    'methods."t.Market/Watch": slowReader: key: t.Price has no single scalar field "price"; the service waits',
    'methods."t.Other/Watch": slowReader: key: t.Price has no single scalar field "nope"; the service waits',
  ]);
  t.equal(policy('Market/Watch'), 'pause', 'not what the proto says: nothing is lost by mistake');
});
