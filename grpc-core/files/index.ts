export { Checksums } from './checksums.js';
export { storeExampleFile } from './example-file.js';
export { fileHandlers } from './file-handlers.js';
export { OWN_FOLDER } from './file-path.js';
export { FileRoot } from './file-root.js';
export { type FileRoots, filesOfSubjects, folderNameOf, sharedFiles } from './file-roots.js';
export { openUploadFolder, type UploadFolder } from './upload.js';
