/** Confluent's Avro wire format with an own registry client, and typed serdes that never throw for bad bytes. */
@NullMarked
package dev.tally.schemas.serde;

import org.jspecify.annotations.NullMarked;
