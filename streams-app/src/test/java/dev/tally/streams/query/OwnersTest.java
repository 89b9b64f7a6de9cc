package dev.tally.streams.query;

import static dev.tally.streams.query.KnownInstances.TOPICS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Owners.Owner;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Homes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.junit.jupiter.api.Test;

class OwnersTest {

    private final KnownInstances instances = new KnownInstances();

    @Test
    void shouldFindWhoKeepsWhat() {
        // Given
        Subject user = Subject.user("u1");
        Part days = Part.ofUserDays(user, TOPICS);
        Part account = Part.ofAccount(user, TOPICS);
        instances.with("self", Set.of(days), Set.of()).with("other", Set.of(account), Set.of(days));
        Owners owners = instances.owners();

        // When / Then
        assertThat(owners.ofDays(user)).isEqualTo(new Owner.Here());
        assertThat(owners.ofAccount(user)).isEqualTo(new Owner.At("other", 1));
        assertThat(owners.standbys(days)).containsExactly(new Owner.At("other", 1));
        assertThat(owners.standbys(account)).isEmpty();
    }

    @Test
    void shouldFindNobodyBeforeItHasHeardOfAnybody() {
        assertThat(instances.owners().ofDays(Subject.org("o1"))).isEqualTo(new Owner.Nobody());
    }

    @Test
    void shouldHaveAnOrgsDaysInItsAccount() {
        // Given
        Subject org = Subject.org("o1");
        instances.with("self", Set.of(Part.ofAccount(org, TOPICS)), Set.of());

        // When / Then
        assertThat(instances.owners().ofDays(org)).isEqualTo(new Owner.Here());
    }

    @Test
    void shouldLookWhereProducersPut() {
        // Given
        Random random = new Random(11);
        List<String> odd = List.of("u/1", "ü", "a b", "%2F", "x".repeat(256), "user:u1", "-1", "~._@-");

        // When / Then
        for (int i = 0; i < 2_000; i++) {
            String id = i < odd.size() ? odd.get(i) : "u" + random.nextInt();
            int partitions = 1 + random.nextInt(64);
            Subject subject = random.nextBoolean() ? Subject.user(id) : Subject.org(id);
            assertThat(Homes.ofUser(id, partitions))
                    .isEqualTo(BuiltInPartitioner.partitionForKey(id.getBytes(StandardCharsets.UTF_8), partitions));
            assertThat(Homes.ofAccount(subject, partitions))
                    .isEqualTo(BuiltInPartitioner.partitionForKey(
                            subject.text().getBytes(StandardCharsets.UTF_8), partitions));
        }
        assertThat(Part.ofDays(Subject.user("u1"), TOPICS).stage()).isEqualTo(Stage.INTAKE);
        assertThat(Part.ofDays(Subject.org("u1"), TOPICS).stage()).isEqualTo(Stage.ACCOUNTS);
    }
}
