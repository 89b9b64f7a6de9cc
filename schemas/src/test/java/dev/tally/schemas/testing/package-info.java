/** Fakes that the tests of several modules use. */
@NullMarked
package dev.tally.schemas.testing;

import org.jspecify.annotations.NullMarked;
