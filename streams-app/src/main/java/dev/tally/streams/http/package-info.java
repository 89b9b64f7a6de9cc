/** HTTP: routes, JSON shapes, problems. Asks {@code query} and nothing else. */
@NullMarked
package dev.tally.streams.http;

import org.jspecify.annotations.NullMarked;
