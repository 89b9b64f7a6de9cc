/**
 * HTTP: routes, JSON shapes, problems. Asks {@code query}, and what reads the log or writes to it: {@code export}, {@code facts}, {@code alerts},
 * {@code requests}.
 */
@NullMarked
package dev.tally.streams.http;

import org.jspecify.annotations.NullMarked;
