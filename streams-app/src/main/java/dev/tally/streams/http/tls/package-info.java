/** TLS from PEM files, which may change while they are served. */
@NullMarked
package dev.tally.streams.http.tls;

import org.jspecify.annotations.NullMarked;
