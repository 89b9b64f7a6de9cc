/**
 * The rules of entitlements once more, slow and plain, over lists and maps: what the engine is compared with. Nothing of the engine is used here.
 */
@NullMarked
package dev.tally.streams.entitlements;

import org.jspecify.annotations.NullMarked;
