import t from 'tap';
import { AllowedOrigins } from '../../../gateway/security/index.js';

t.test('an origin that no browser sends stops the start, and the text says what is meant', async (t) => {
  const wrong: [given: string, meant?: string][] = [
    ['https://app.example.com/', 'https://app.example.com,'],
    ['https://app.example.com/path', 'https://app.example.com,'],
    ['https://app.example.com?x', 'https://app.example.com,'],
    ['https://app.example.com#x', 'https://app.example.com,'],
    ['HTTPS://app.example.com', 'https://app.example.com,'],
    ['https://App.Example.com', 'https://app.example.com,'],
    ['https://app.example.com:443', 'https://app.example.com,'],
    ['http://app.example.com:80', 'http://app.example.com,'],
    ['https://user@app.example.com', 'https://app.example.com,'],
    ['https://bücher.example', 'https://xn--bcher-kva.example,'],
    ['http://127.1', 'http://127.0.0.1,'],
    ['http://[0:0::1]', 'http://[::1],'],
    ['https://*.example.com/', 'https://*.example.com,'],
    ['https://*.example.com:443', 'https://*.example.com,'],
    ['https://*.Example.com', 'https://*.example.com,'],
    ['app.example.com'],
    ['*.example.com'],
    ['//app.example.com'],
    ['https:app.example.com'],
    ['https://'],
    ['https://*'],
    ['https://*.'],
    ['https://*example.com'],
    ['https://a.*.example.com'],
    ['https://*.*.example.com'],
    ['https://*.127.0.0.1'],
    ['https://app.example.com:*'],
    ['*://app.example.com'],
    ['https://app.example.com:99999'],
    ['https://a b.example'],
    [' https://app.example.com'],
    ['wss://app.example.com'],
    ['ftp://app.example.com'],
    ['capacitor://localhost/'],
    ['Capacitor://localhost'],
    ['capacitor://'],
    ['capacitor://*.x'],
    ['NULL'],
    ['**'],
    [''],
  ];
  for (const [given, meant = 'https://app.example.com,'] of wrong) {
    const text = `${JSON.stringify(given)}: no browser sends it: write it like ${meant}`;
    const message = new RegExp(escaped(text));
    t.throws(
      () => new AllowedOrigins(['https://other.example', given]),
      { name: 'TypeError', message },
      given,
    );
  }
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

t.test('names, names below one, other schemes, and pages without an origin', async (t) => {
  const cases: [given: string[], yes: string[], no: string[]][] = [
    [
      ['https://app.example.com'],
      ['https://app.example.com'],
      [
        'http://app.example.com',
        'https://app.example.com:8443',
        'https://x.app.example.com',
        'https://example.com',
        'null',
      ],
    ],
    [
      ['https://*.example.com'],
      ['https://a.example.com', 'https://a.b.example.com', 'https://x-1_y.example.com'],
      [
        'https://example.com',
        'https://.example.com',
        'https://evil-example.com',
        'https://evilexample.com',
        'https://a.example.com.evil.example',
        'https://evil.example/.example.com',
        'https://evil.example#.example.com',
        'https://evil.example:80.example.com',
        'https://user@.example.com',
        'https://a..example.com',
        'http://a.example.com',
        'https://a.example.com:8443',
        'null',
      ],
    ],
    [
      ['http://*.example.com:8080'],
      ['http://a.example.com:8080'],
      ['http://a.example.com', 'http://example.com:8080'],
    ],
    [['http://*.localhost'], ['http://a.localhost'], ['http://localhost']],
    [['http://[::1]:3000'], ['http://[::1]:3000'], ['http://[::1]']],
    [
      ['capacitor://localhost'],
      ['capacitor://localhost'],
      ['http://localhost', 'https://localhost', 'capacitor://evil'],
    ],
    [['null'], ['null'], ['', 'https://null', 'file://']],
    [['file://'], ['file://'], ['null']],
    [['chrome-extension://abcdefgh'], ['chrome-extension://abcdefgh'], ['chrome-extension://other']],
    [['*'], ['https://anything.example', 'null'], []],
    [[], [], ['https://anything.example', 'null', '']],
  ];
  for (const [given, yes, no] of cases) {
    const origins = new AllowedOrigins(given);
    for (const one of yes) t.ok(origins.has(one), `${given} ${one}`);
    for (const one of no) t.notOk(origins.has(one), `${given} ${one}`);
  }
});
