package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AmountsByTextTest {

    @Test
    void shouldAddUpWhatAMapAddsUp() {
        Random random = new Random(11);
        for (int texts : new int[] {1, 5, 7, 100, 3_000}) {
            AmountsByText amounts = new AmountsByText(2);
            Map<@Nullable String, List<Long>> expected = new HashMap<>();
            for (int i = 0; i < 4 * texts; i++) {
                int number = random.nextInt(texts);
                // Texts that are equal but not the same object, and many of one hash code.
                String text = number == 0 ? null : "Aa".repeat(number % 3) + "BB".repeat(3 - number % 3) + number;
                long[] more = {1, random.nextInt(1_000)};

                boolean isNew = amounts.add(text, more);

                assertThat(isNew).isEqualTo(!expected.containsKey(text));
                List<Long> sums = expected.computeIfAbsent(text, t -> new ArrayList<>(List.of(0L, 0L)));
                sums.set(0, sums.get(0) + more[0]);
                sums.set(1, sums.get(1) + more[1]);
            }

            Map<@Nullable String, List<Long>> actual = new HashMap<>();
            amounts.forEach((text, sums) ->
                    assertThat(actual.put(text, List.of(sums[0], sums[1]))).isNull());
            assertThat(actual).isEqualTo(expected);
        }
    }
}
