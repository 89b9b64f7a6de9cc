package dev.tally.streams.requests;

import dev.tally.streams.alerts.AlertHistory;
import dev.tally.streams.facts.Facts;

/** All that callers can ask a running topology for beside what its state holds. */
public record Requests(Admissions admissions, CatalogueWrites catalogue, Facts facts, AlertHistory alerts) {}
