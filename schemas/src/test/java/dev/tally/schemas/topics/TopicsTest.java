package dev.tally.schemas.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tally.settings.SettingsException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class TopicsTest {

    private static final String LONG = "retention.ms=34560000000";
    private static final String LOG_TIME = "message.timestamp.type=LogAppendTime";

    @Test
    void shouldBeAsTheContractSays() {
        List<String> all =
                new Topics("p.", 12, 6).all().stream().map(TopicsTest::line).toList();

        assertThat(all)
                .containsExactly(
                        "p.actions 12 {cleanup.policy=delete, max.message.bytes=1048588, " + LOG_TIME + ", " + LONG
                                + "}",
                        "p.actions-home 12 {cleanup.policy=delete, max.message.bytes=1114124, " + LOG_TIME
                                + ", retention.ms=604800000}",
                        "p.meters 6 {cleanup.policy=compact, min.compaction.lag.ms=34560000000}",
                        "p.plans 6 {cleanup.policy=compact, min.compaction.lag.ms=34560000000}",
                        "p.subscriptions 6 {cleanup.policy=compact, min.compaction.lag.ms=34560000000}",
                        "p.grants 6 {cleanup.policy=compact, min.compaction.lag.ms=34560000000}",
                        "p.memberships 6 {cleanup.policy=compact, min.compaction.lag.ms=34560000000}",
                        "p.catalogue-in-force 1 {cleanup.policy=compact}",
                        "p.subject-log 6 {cleanup.policy=delete, " + LOG_TIME + ", retention.ms=604800000}",
                        "p.usage 6 {cleanup.policy=compact,delete, " + LOG_TIME + ", " + LONG + "}",
                        "p.quota-alerts 6 {cleanup.policy=delete, " + LOG_TIME + ", " + LONG + "}",
                        "p.admissions 6 {cleanup.policy=delete, " + LOG_TIME + ", retention.ms=604800000}",
                        "p.billable-usage 6 {cleanup.policy=delete, " + LOG_TIME + ", " + LONG + "}",
                        "p.seat-changes 6 {cleanup.policy=delete, " + LOG_TIME + ", " + LONG + "}",
                        "p.late-actions 12 {cleanup.policy=delete, max.message.bytes=1114124, " + LOG_TIME + ", " + LONG
                                + "}",
                        "p.dead-letters 12 {cleanup.policy=delete, max.message.bytes=1114124, " + LOG_TIME + ", " + LONG
                                + "}",
                        "p.intake-notes 12 {cleanup.policy=delete, " + LOG_TIME + ", retention.ms=43200000000}",
                        "p.stripe-ledger 6 {cleanup.policy=compact,delete, " + LOG_TIME + ", " + LONG + "}",
                        "p.stripe-seats 6 {cleanup.policy=compact}",
                        "p.stripe-dead-letters 6 {cleanup.policy=delete, max.message.bytes=1114124, " + LOG_TIME + ", "
                                + LONG + "}",
                        "p.stripe-requests 6 {cleanup.policy=delete, max.message.bytes=1114124, " + LOG_TIME + ", "
                                + LONG + "}",
                        "p.alert-ledger 6 {cleanup.policy=compact,delete, " + LOG_TIME + ", " + LONG + "}",
                        "p.alert-dead-letters 6 {cleanup.policy=delete, max.message.bytes=1114124, " + LOG_TIME + ", "
                                + LONG + "}",
                        "p.tally-meta 1 {cleanup.policy=delete, " + LOG_TIME
                                + ", retention.bytes=-1, retention.ms=-1}");
    }

    @Test
    void shouldTakeRecordsOfAnyTimeAndDeleteNoneByItWithATestClock() {
        List<TopicSpec> specs = new Topics("", 2, 2, true).all();

        assertThat(specs).hasSameSizeAs(new Topics("", 2, 2).all()).allSatisfy(spec -> {
            assertThat(spec.configs()).containsAllEntriesOf(Topics.ANY_TIME);
            assertThat(spec.configs().getOrDefault("retention.ms", "-1")).isEqualTo("-1");
        });
        assertThat(specs.get(0).configs()).containsEntry("message.timestamp.type", "CreateTime");
    }

    @Test
    void shouldRefuseOtherPartitionCountsThanTheFirstStarts() {
        Map<String, String> found = Map.of(
                "installation.id", "00112233aabbccdd",
                "actions.partitions", "6",
                "subject.partitions", "6",
                "identity.key", "000102030405060708090a0b0c0d0e0f");

        assertThat(Installation.checked(found, 6, 6).id()).isEqualTo("00112233aabbccdd");
        assertThat(Installation.checked(found, 6, 6).toString()).doesNotContain("0001020304");
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> Installation.checked(found, 12, 24))
                .satisfies(e -> assertThat(e.problems())
                        .hasSize(2)
                        .allMatch(one -> one.contains("began with 6") && one.contains("docs/operations.md")));
    }

    private static String line(TopicSpec spec) {
        return spec.name() + " " + spec.partitions() + " " + new TreeMap<>(spec.configs());
    }
}
