/**
 * Who may call: tokens, what they cover, tickets for streams, calls between instances, how often a token may call. Knows no web server and no
 * clock of its own.
 */
@NullMarked
package dev.tally.streams.http.auth;

import org.jspecify.annotations.NullMarked;
