package dev.tally.schemas.topics;

import dev.tally.settings.CommonSettings;
import dev.tally.settings.ParsedSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;

/**
 * Every topic of an installation, by full name, with the configuration of the public contract.
 *
 * <p>Topics that delete by time carry {@code LogAppendTime}: event time is only in the payload, and Kafka deletes by record
 * timestamp. {@code dead-letters}, {@code late-actions} and {@code actions-home} take larger records than {@code actions}, so that
 * an input at the size limit still fits with the headers that tell its story.
 */
public final class Topics {

    /** Kafka's own default for {@code max.message.bytes}, fixed here because the larger topics refer to it. */
    public static final int ACTIONS_MAX_BYTES = 1_048_588;

    /** Room for headers in topics that carry inputs on. */
    public static final int HEADER_ROOM_BYTES = 65_536;

    /** Topic settings with which a broker takes records of any time, and leaves the time as it is. */
    public static final Map<String, String> ANY_TIME = Map.of(
            TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "CreateTime",
            TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG, Long.toString(Long.MAX_VALUE),
            TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG, Long.toString(Long.MAX_VALUE));

    private static final Duration LONG = Duration.ofDays(400);
    private static final Duration SHORT = Duration.ofDays(7);

    /** Notes outlive what they are about by more than a segment of either topic, and by the time after which they are said anew. */
    private static final Duration NOTES = LONG.plusDays(100);

    private final String prefix;
    private final int actionsPartitions;
    private final int subjectPartitions;
    private final boolean testClock;

    public Topics(String prefix, int actionsPartitions, int subjectPartitions) {
        this(prefix, actionsPartitions, subjectPartitions, false);
    }

    /** @param testClock whether records carry the time of a test clock, which no broker knows, as {@link #ANY_TIME} has it */
    public Topics(String prefix, int actionsPartitions, int subjectPartitions, boolean testClock) {
        this.prefix = prefix;
        this.actionsPartitions = actionsPartitions;
        this.subjectPartitions = subjectPartitions;
        this.testClock = testClock;
    }

    /** The topics of the settings {@code topic.prefix}, {@code actions.partitions} and {@code subject.partitions}. */
    public static Topics of(ParsedSettings settings) {
        return new Topics(
                settings.string(CommonSettings.TOPIC_PREFIX),
                settings.integer(CommonSettings.ACTIONS_PARTITIONS),
                settings.integer(CommonSettings.SUBJECT_PARTITIONS),
                CommonSettings.hasTestClock(settings));
    }

    public String prefix() {
        return prefix;
    }

    public int actionsPartitions() {
        return actionsPartitions;
    }

    public int subjectPartitions() {
        return subjectPartitions;
    }

    public String actions() {
        return prefix + "actions";
    }

    /** Raw records on their way to the partition of their user; internal. */
    public String actionsHome() {
        return prefix + "actions-home";
    }

    public String meters() {
        return prefix + "meters";
    }

    public String plans() {
        return prefix + "plans";
    }

    public String subscriptions() {
        return prefix + "subscriptions";
    }

    public String grants() {
        return prefix + "grants";
    }

    public String memberships() {
        return prefix + "memberships";
    }

    /** The meters, plans and subscriptions that were found valid, as the intake goes by them; internal. */
    public String catalogueInForce() {
        return prefix + "catalogue-in-force";
    }

    public String subjectLog() {
        return prefix + "subject-log";
    }

    public String usage() {
        return prefix + "usage";
    }

    public String quotaAlerts() {
        return prefix + "quota-alerts";
    }

    public String admissions() {
        return prefix + "admissions";
    }

    public String billableUsage() {
        return prefix + "billable-usage";
    }

    public String seatChanges() {
        return prefix + "seat-changes";
    }

    public String lateActions() {
        return prefix + "late-actions";
    }

    public String deadLetters() {
        return prefix + "dead-letters";
    }

    /** What the intake decided of {@code actions} that no other topic tells: duplicates, and which meters applied. */
    public String intakeNotes() {
        return prefix + "intake-notes";
    }

    public String stripeLedger() {
        return prefix + "stripe-ledger";
    }

    /** How far the seats of each org have come at Stripe. */
    public String stripeSeats() {
        return prefix + "stripe-seats";
    }

    public String stripeDeadLetters() {
        return prefix + "stripe-dead-letters";
    }

    /** What stripe-sink is asked to do about single facts; same partition number as the fact. */
    public String stripeRequests() {
        return prefix + "stripe-requests";
    }

    /** What is known of the delivery of each alert to each address. */
    public String alertLedger() {
        return prefix + "alert-ledger";
    }

    public String alertDeadLetters() {
        return prefix + "alert-dead-letters";
    }

    /** What the installation remembers of itself ({@link Installation}); internal. */
    public String meta() {
        return prefix + "tally-meta";
    }

    /** All topics, in the order of the contract. */
    public List<TopicSpec> all() {
        return testClock ? specs().stream().map(Topics::ofAnyTime).toList() : specs();
    }

    /** A topic of which nothing is deleted by its time, which tells brokers nothing. */
    private static TopicSpec ofAnyTime(TopicSpec spec) {
        Map<String, String> configs = new HashMap<>(spec.configs());
        configs.putAll(ANY_TIME);
        configs.computeIfPresent(TopicConfig.RETENTION_MS_CONFIG, (key, retention) -> "-1");
        return new TopicSpec(spec.name(), spec.partitions(), configs);
    }

    private List<TopicSpec> specs() {
        return List.of(
                new TopicSpec(actions(), actionsPartitions, sized(deleting(LONG), ACTIONS_MAX_BYTES)),
                new TopicSpec(actionsHome(), actionsPartitions, carrying(SHORT)),
                catalogue(meters()),
                catalogue(plans()),
                catalogue(subscriptions()),
                catalogue(grants()),
                catalogue(memberships()),
                new TopicSpec(
                        catalogueInForce(),
                        1,
                        Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT)),
                new TopicSpec(subjectLog(), subjectPartitions, deleting(SHORT)),
                new TopicSpec(usage(), subjectPartitions, compactingAndDeleting(LONG)),
                new TopicSpec(quotaAlerts(), subjectPartitions, deleting(LONG)),
                new TopicSpec(admissions(), subjectPartitions, deleting(SHORT)),
                new TopicSpec(billableUsage(), subjectPartitions, deleting(LONG)),
                new TopicSpec(seatChanges(), subjectPartitions, deleting(LONG)),
                new TopicSpec(lateActions(), actionsPartitions, carrying(LONG)),
                new TopicSpec(deadLetters(), actionsPartitions, carrying(LONG)),
                new TopicSpec(intakeNotes(), actionsPartitions, deleting(NOTES)),
                new TopicSpec(stripeLedger(), subjectPartitions, compactingAndDeleting(LONG)),
                new TopicSpec(
                        stripeSeats(),
                        subjectPartitions,
                        Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT)),
                new TopicSpec(stripeDeadLetters(), subjectPartitions, carrying(LONG)),
                new TopicSpec(stripeRequests(), subjectPartitions, carrying(LONG)),
                new TopicSpec(alertLedger(), subjectPartitions, compactingAndDeleting(LONG)),
                new TopicSpec(alertDeadLetters(), subjectPartitions, carrying(LONG)),
                metaSpec());
    }

    /**
     * The spec of {@link #meta()}: one partition, kept for ever. Not compacted, because there the <em>first</em> record of a key is
     * the one that holds, and compaction keeps the last.
     */
    TopicSpec metaSpec() {
        return new TopicSpec(
                meta(),
                1,
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE,
                        TopicConfig.RETENTION_MS_CONFIG, "-1",
                        TopicConfig.RETENTION_BYTES_CONFIG, "-1",
                        TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime"));
    }

    private TopicSpec catalogue(String name) {
        return new TopicSpec(
                name,
                subjectPartitions,
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_COMPACT,
                        TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG,
                        millis(LONG)));
    }

    private static Map<String, String> deleting(Duration retention) {
        return Map.of(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                TopicConfig.CLEANUP_POLICY_DELETE,
                TopicConfig.RETENTION_MS_CONFIG,
                millis(retention),
                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
                "LogAppendTime");
    }

    private static Map<String, String> compactingAndDeleting(Duration retention) {
        Map<String, String> configs = new HashMap<>(deleting(retention));
        configs.put(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE);
        return configs;
    }

    private static Map<String, String> carrying(Duration retention) {
        return sized(deleting(retention), ACTIONS_MAX_BYTES + HEADER_ROOM_BYTES);
    }

    private static Map<String, String> sized(Map<String, String> configs, int maxBytes) {
        Map<String, String> sized = new HashMap<>(configs);
        sized.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(maxBytes));
        return sized;
    }

    private static String millis(Duration duration) {
        return Long.toString(duration.toMillis());
    }
}
