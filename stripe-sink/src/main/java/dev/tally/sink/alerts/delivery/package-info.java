/** Alerts from Kafka to their channels: who is to be told, the ledger of it, order, repetition and dead letters. */
@NullMarked
package dev.tally.sink.alerts.delivery;

import org.jspecify.annotations.NullMarked;
