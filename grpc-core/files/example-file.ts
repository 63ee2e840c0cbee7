import { status } from '@grpc/grpc-js';
import { CoreError } from '../base/index.js';
import { type UploadOptions, upload } from './upload.js';

/** What the example of DownloadFile in streaming.proto names. */
const EXAMPLE_PATH = 'examples/hello.txt';

/** Stores the file that the example of DownloadFile names, for a data directory that is new. One that is there stays as it is. */
export async function storeExampleFile(options: UploadOptions): Promise<void> {
  try {
    const there = await options.root.open(EXAMPLE_PATH);
    await there.close();
  } catch (error) {
    if (!(error instanceof CoreError) || error.code !== status.NOT_FOUND) return;
    await upload(content(), options);
  }
}

async function* content() {
  const data = Buffer.from('Hello from Sluice.\n');
  yield { data, chunk_number: 0, is_last: true, file_path: EXAMPLE_PATH };
}
