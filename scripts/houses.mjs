// The one table of the houses, their folders and the rooms within these, with the arrows between them. `scripts/check-houses.mjs` holds
// every import against it and draws it into docs/architecture.md.
//
// A place is a folder. `may` names the places beside it that it may import; arrows between places of two folders are those of the folders.
// A place is entered from outside through its `index.ts` only, `open` ones by any file. What stands outside of a folder enters the folder
// and not its rooms, but for those with a `door`: they may also be entered directly, through their own `index.ts`.
// `rooms` are the places inside. Files beside rooms are of two kinds: those of `roof` put the rooms together and may use all of them,
// `index.ts` always among them; the others are the ground '.', which rooms may use where they say so.
// `sees: 'all'` is for what stands outside of the houses; what is `generated` is not looked into.

/** Order is that of the picture: from the top down, so that every arrow goes down. */
export const HOUSES = {
  test: { sees: 'all' },
  scripts: { sees: 'all' },
  bin: {
    may: ['gateway', 'grpc-core'],
    roof: ['sluice.ts', 'launch.ts', 'main.ts', 'usage.ts'],
    rooms: {
      commands: { may: ['run', 'call', 'options', '.'] },
      // What calls others, and serves nothing: it enters the rooms of the gateway that it needs, and loads no server.
      call: { may: ['options', '.'] },
      run: { may: ['options', '.'] },
      '.': { may: ['options'] },
      options: {},
    },
  },
  gateway: {
    rooms: {
      server: {
        may: [
          'contract',
          'ops',
          'surfaces',
          'recording',
          'security',
          'upstream',
          'schema',
          'codec',
          'memory',
          'wire',
          'status',
          'options',
          'async',
        ],
        rooms: { '.': { may: ['config', 'http2', 'services'] }, http2: {}, config: {}, services: {} },
      },
      contract: { may: ['schema', 'wire', 'status', 'async'], door: true },
      ops: {
        may: ['surfaces', 'schema', 'wire', 'status'],
        roof: ['open-tracing.ts'],
        rooms: { tracing: { may: ['.'] }, '.': {} },
      },
      surfaces: {
        may: [
          'recording',
          'bridge',
          'security',
          'upstream',
          'schema',
          'codec',
          'wire',
          'status',
          'options',
          'memory',
          'async',
        ],
        roof: ['table.ts'],
        rooms: {
          session: { may: ['socket', 'message', 'exchange'] },
          websocket: { may: ['socket', 'message', 'exchange'] },
          connect: { may: ['rpc', 'http', 'message', 'exchange'] },
          grpc: { may: ['rpc', 'http', 'message', 'exchange'] },
          rpc: { may: ['http', 'message', 'exchange'] },
          http: { may: ['message', 'exchange', 'liveness'] },
          socket: { may: ['exchange', 'liveness'] },
          message: { may: ['exchange'] },
          exchange: {},
          liveness: {},
        },
      },
      recording: {
        may: ['upstream', 'schema', 'codec', 'wire', 'status', 'memory', 'async'],
        roof: ['open-call.ts'],
        // Loaded when a method is recorded, and where gateways share their recordings.
        rooms: {
          record: { may: ['replica', '.'], door: true },
          replica: { door: true },
          heal: { may: ['.'] },
          '.': {},
        },
      },
      bridge: {
        may: ['upstream', 'status', 'memory'],
        roof: ['bridge.ts', 'downward.ts', 'bounded-outgoing.ts'],
        rooms: { 'slow-reader': { may: ['.'] }, '.': {} },
      },
      security: {
        may: ['schema', 'status'],
        roof: ['index.ts'],
        // Loaded where tokens are checked, or an authorization service is asked, and not before.
        rooms: {
          token: { may: ['identity'], door: true },
          'ext-authz': { may: ['identity'], door: true },
          certificate: { may: ['identity', '.'] },
          identity: { may: ['.'] },
          '.': {},
        },
      },
      upstream: {
        may: ['status', 'async', 'memory'],
        door: true,
        roof: ['open-transport.ts'],
        rooms: {
          http2: {
            may: ['.'],
            roof: ['http2-transport.ts', 'http2-options.ts'],
            rooms: { grpc: { may: ['pool', 'h2'] }, pool: { may: ['h2'] }, h2: {} },
          },
          'grpc-js': { may: ['.'] },
          '.': {},
        },
      },
      schema: {
        may: ['status', 'async'],
        door: true,
        rooms: {
          describe: { may: ['load', 'http', 'method', 'base', 'problem'] },
          change: { may: ['load', 'method'] },
          load: {
            may: ['http', 'method', 'source', 'base', 'problem'],
            rooms: { '.': { may: ['link', 'scan'] }, scan: { may: ['link'] }, link: {} },
          },
          http: { may: ['method', 'base'] },
          method: { may: ['base'] },
          source: { may: ['base', 'problem'] },
          base: { may: ['problem'] },
          problem: {},
        },
      },
      codec: {
        may: ['status', 'memory'],
        door: true,
        roof: ['bufbuild-codec.ts', 'compiled-codec.ts', 'codec.ts', 'absent.ts'],
        rooms: {
          compile: { may: ['parse', 'print', 'plan', 'primitive'] },
          parse: { may: ['plan', 'primitive'] },
          print: { may: ['plan', 'primitive'] },
          plan: { may: ['primitive'] },
          field: { may: ['primitive'] },
          primitive: {},
        },
      },
      wire: { may: ['status'], door: true, rooms: { '.': {}, session: { door: true } } },
      options: { door: true },
      status: { door: true },
      memory: {},
      async: {},
    },
  },
  'grpc-core': {
    may: ['proto'],
    roof: ['core.ts', 'listener.ts'],
    rooms: {
      reflection: { may: ['rpc'] },
      health: { may: ['rpc', 'base'] },
      rooms: {
        may: ['rpc', 'store', 'base'],
        rooms: {
          chat: { may: ['member', 'presence', 'journal', 'wire'] },
          edit: { may: ['member', 'presence', 'journal', 'wire'] },
          game: { may: ['member', 'journal', 'wire'] },
          collect: { may: ['wire'] },
          member: {},
          presence: { may: ['journal', 'wire'] },
          journal: { may: ['wire'] },
          wire: {},
        },
      },
      market: { may: ['rpc', 'base'] },
      logs: { may: ['rpc', 'store', 'base'] },
      items: { may: ['rpc', 'store', 'base'] },
      files: { may: ['rpc', 'base'] },
      rpc: { may: ['base', 'options'] },
      store: { may: ['base'] },
      options: { door: true },
      base: {},
    },
  },
  clients: {
    may: ['proto'],
    rooms: {
      playground: {
        may: ['browser'],
        roof: ['page.ts', 'method-view.ts', 'method-list.ts', 'scene-links.ts', 'parts.ts'],
        rooms: {
          detached: { may: ['call', 'share', 'view'], open: true },
          pressure: { may: ['call', 'view'], open: true },
          files: { may: ['call', 'json', 'schema', 'view'], open: true },
          share: { may: ['call', 'json', 'schema', 'view'], open: true },
          messages: { may: ['call', 'json', 'schema', 'view'], open: true },
          call: { may: ['json', 'schema', 'view'], open: true },
          form: { may: ['json', 'schema', 'view'], open: true },
          json: { may: ['schema'], open: true },
          schema: { open: true },
          view: { open: true },
        },
      },
      scenes: { may: ['browser'], open: true },
      browser: {
        may: ['retry'],
        roof: ['client.ts', 'http-client.ts', 'typed-client.ts'],
        // No `index.ts` in the rooms: who imports one module must not get the others with it.
        rooms: {
          session: { may: ['stream', 'shared'], open: true },
          socket: { may: ['shared'], open: true },
          stream: { may: ['shared'], open: true },
          shared: { open: true },
        },
      },
      node: { may: ['retry'] },
      // The same.
      retry: { open: true },
    },
  },
  proto: { open: true, generated: true },
};
