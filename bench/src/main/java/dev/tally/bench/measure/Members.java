package dev.tally.bench.measure;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;

/** Who is in a group, as the broker knows it. */
final class Members {

    private static final long PAUSE_NANOS = 20_000_000;

    private final Admin admin;
    private final String group;

    Members(Admin admin, String group) {
        this.admin = admin;
        this.group = group;
    }

    /** The client ids of all members. */
    Set<String> now() {
        try {
            return admin.describeConsumerGroups(List.of(group)).all().get().values().stream()
                    .flatMap(description -> description.members().stream())
                    .map(MemberDescription::clientId)
                    .collect(Collectors.toSet());
        } catch (ExecutionException e) {
            throw new KafkaException("the members of " + group + " cannot be read", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** When none of these is a member any more, by {@link System#nanoTime}. */
    CompletableFuture<Long> gone(Collection<String> members) {
        return CompletableFuture.supplyAsync(
                () -> {
                    while (now().stream().anyMatch(members::contains)) {
                        LockSupport.parkNanos(PAUSE_NANOS);
                    }
                    return System.nanoTime();
                },
                task -> Thread.ofVirtual().start(task));
    }
}
