/** For pages that need no other script: hashes and snippets that copy themselves. */

import { enableCopying } from "../copy.js";

enableCopying();
