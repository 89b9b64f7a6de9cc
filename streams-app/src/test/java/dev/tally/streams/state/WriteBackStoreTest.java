package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WriteBackStoreTest {

    @Test
    void shouldForgetWhatIsOnTheHeapWhenItsTaskIsRecycled() {
        // Given: Kafka Streams recycles a task between active and standby by clearing caches, without closing stores
        WriteBackStore store = WriteBackStore.builder("counters").build();
        StringBuilder before = store.companion(StringBuilder.class, () -> new StringBuilder("before"));

        // When
        store.clearCache();

        // Then
        assertThat(store.companion(StringBuilder.class, () -> new StringBuilder("after")))
                .isNotSameAs(before)
                .hasToString("after");
    }
}
