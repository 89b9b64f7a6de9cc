package dev.tally.streams.topology;

import java.time.Duration;

/**
 * What the accounts stage goes by.
 *
 * @param environment part of every fact's identifier
 * @param installation random id of this installation, part of every fact's identifier
 * @param intakePartitions number of partitions of {@code actions}: an interval closes when all of them have passed it
 * @param billingInterval length of a billing interval, as the intake has it
 * @param settle how long after an interval's end it stays open
 * @param invoiceGrace how long after a period's end its invoice at Stripe is a draft, to which usage can be added
 * @param historyRetention how long windows are kept
 * @param queueMax how many admissions may wait for one payer; the same on all instances, as each may decide
 */
public record AccountSettings(
        String environment,
        String installation,
        int intakePartitions,
        Duration billingInterval,
        Duration settle,
        Duration invoiceGrace,
        Duration historyRetention,
        int queueMax) {}
