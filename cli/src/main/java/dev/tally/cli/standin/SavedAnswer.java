package dev.tally.cli.standin;

import java.time.Instant;

/**
 * The answer kept under an idempotency key.
 *
 * @param fingerprint hash of the path and parameters of the first call with this key
 */
record SavedAnswer(String key, String fingerprint, Instant at, int status, String body) {}
