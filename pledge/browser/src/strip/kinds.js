/** Kinds of files that may say who made them, known by their first bytes and otherwise by their names. */

import { gettext } from "../strings.js";
import { has } from "./join.js";

/** How many bytes of a file are looked at. */
export const HEAD_LENGTH = 1024;

/** @typedef {"picture" | "office" | "pdf" | "video" | "audio" | "archive" | "mail"} Kind */

/** @type {Record<Kind, string>} */
export const WARNINGS = {
  picture: gettext(
    "A picture of this type may say who made it: the camera, the place and the time. Save it as PNG to have this removed.",
  ),
  office: gettext(
    "An office document may say who made it: names, changes and comments inside. They are not removed.",
  ),
  pdf: gettext("A PDF may say who made it: names, programs and times inside. They are not removed."),
  video: gettext("A video may say who made it: the camera, the place and the time. They are not removed."),
  audio: gettext(
    "A sound recording may say who made it: the device, the place and the time. They are not removed.",
  ),
  archive: gettext(
    "An archive may say who made it: user names and times, and what the files in it tell. They are not removed.",
  ),
  mail: gettext(
    "A saved e-mail may say who made it: addresses, computers and times inside. They are not removed.",
  ),
};

/** First bytes, one character each, and where they stand. @type {[string, number, Kind][]} */
const MAGIC = [
  ["GIF8", 0, "picture"],
  ["II*\0", 0, "picture"], // TIFF and most raw formats
  ["MM\0*", 0, "picture"],
  ["8BPS", 0, "picture"],
  ["WEBP", 8, "picture"],
  ["\0\0\0\x0cJXL ", 0, "picture"],
  ["\xff\x0a", 0, "picture"], // JPEG XL
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "office"],
  ["{\\rtf", 0, "office"],
  ["\x1aE\xdf\xa3", 0, "video"], // Matroska and WebM
  ["AVI ", 8, "video"],
  ["\0\0\x01\xba", 0, "video"],
  ["\0\0\x01\xb3", 0, "video"],
  ["FLV\x01", 0, "video"],
  ["0&\xb2u\x8ef\xcf\x11", 0, "video"], // ASF
  ["WAVE", 8, "audio"],
  ["OggS", 0, "audio"],
  ["ID3", 0, "audio"],
  ["fLaC", 0, "audio"],
  ["#!AMR", 0, "audio"],
  ["PK\x03\x04", 0, "archive"],
  ["PK\x05\x06", 0, "archive"],
  ["Rar!\x1a\x07", 0, "archive"],
  ["7z\xbc\xaf\x27\x1c", 0, "archive"],
  ["\x1f\x8b\x08", 0, "archive"],
  ["BZh", 0, "archive"],
  ["\xfd7zXZ\0", 0, "archive"],
  ["\x28\xb5\x2f\xfd", 0, "archive"],
  ["ustar", 257, "archive"],
];

/** Name endings. @type {[Kind, string][]} */
const ENDINGS = [
  [
    "picture",
    "jpg jpeg jpe png apng gif tif tiff webp heic heif avif jxl bmp psd dng cr2 cr3 nef arw raf orf svg",
  ],
  [
    "office",
    "doc docx docm dot dotx xls xlsx xlsm xlsb ppt pptx pptm pps ppsx odt ods odp odg rtf pages numbers key",
  ],
  ["pdf", "pdf"],
  ["video", "mp4 m4v mov avi mkv webm wmv mpg mpeg mts 3gp flv ogv"],
  ["audio", "mp3 m4a m4b aac wav ogg oga opus flac wma amr aif aiff caf"],
  ["archive", "zip rar 7z tar gz tgz bz2 xz zst"],
  ["mail", "eml emlx msg mbox pst ost"],
];

/** @type {Map<string, Kind>} */
const BY_ENDING = new Map(
  ENDINGS.flatMap(([kind, endings]) =>
    endings.split(" ").map((ending) => /** @type {[string, Kind]} */ ([ending, kind])),
  ),
);

/**
 * @param {Uint8Array} head the file's first bytes
 * @param {string} name
 * @returns {Kind | null}
 */
export function kindOf(head, name) {
  const named = BY_ENDING.get(/\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? "") ?? null;
  const found = foundIn(head);
  // office documents are archives or look like e-mails, and MP3 files may start with anything
  if ((found === "archive" || found === "office") && (named === "office" || named === "mail")) return named;
  return found ?? named;
}

/**
 * @param {Uint8Array} head
 * @returns {Kind | null}
 */
function foundIn(head) {
  if (has(head, "ftyp", 4)) return brandIn(head);
  const magic = MAGIC.find(([start, offset]) => has(head, start, offset));
  if (magic) return magic[2];
  const characters = Array.from(head, (byte) => String.fromCharCode(byte)).join("");
  if (characters.includes("%PDF-")) return "pdf";
  return /<svg[\s>]/.test(characters) ? "picture" : null;
}

/**
 * What a file of the ISO base media format is, by its main brand.
 * @param {Uint8Array} head
 * @returns {Kind}
 */
function brandIn(head) {
  const brand = String.fromCharCode(...head.subarray(8, 12));
  if (/^(hei|hev|mif1|msf1|avi|crx|jpx)/.test(brand)) return "picture";
  return /^(M4A|M4B)/.test(brand) ? "audio" : "video";
}
