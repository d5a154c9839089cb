/**
 * Keys that a browser keeps, if its owner wishes: not extractable, in IndexedDB, by the id of the signing they signed.
 * Losing one loses nothing: the twelve words make it again.
 *
 * @typedef {import("./keys.js").SigningKey} SigningKey
 */

const DATABASE = "pledge";
const STORE = "keys";

/**
 * @param {string} id of the signing, 32 hex digits
 * @param {SigningKey} key
 */
export async function keepKey(id, key) {
  await run("readwrite", (store) => store.put(key, id));
}

/**
 * @param {string} id
 * @returns {Promise<SigningKey | null>} null where none is kept, or this browser keeps nothing
 */
export async function findKey(id) {
  try {
    return (await run("readonly", (store) => store.get(id))) ?? null;
  } catch {
    return null;
  }
}

/** @param {string} id */
export async function forgetKey(id) {
  await run("readwrite", (store) => store.delete(id));
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function run(mode, act) {
  const database = await settled(open());
  try {
    return await settled(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return request;
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
