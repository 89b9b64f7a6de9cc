package dev.tally.units;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UnitAmountsTest {

    @Test
    void shouldFindWhatAMapFinds() {
        for (int count = 0; count <= 2 * UnitAmounts.FEW; count++) {
            Map<String, Long> map = new HashMap<>();
            for (int i = 0; i < count; i++) {
                map.put("unit-" + i, 10L * i + 1);
            }
            UnitAmounts amounts = UnitAmounts.of(map);

            map.forEach((unit, amount) -> assertThat(amounts.of(unit)).isEqualTo(amount));
            assertThat(amounts.of("unit")).isZero();
            assertThat(amounts.of("unit-99")).isZero();
            assertThat(amounts.count()).isEqualTo(count);
            assertThat(amounts.toMap()).isEqualTo(map);
        }
    }

    @Test
    void shouldNotFollowTheArraysItWasMadeOf() {
        String[] units = {"b", "a", "unused"};
        long[] amounts = {2, 1, 9};
        UnitAmounts few = UnitAmounts.few(units, amounts, 2);
        units[0] = "changed";
        amounts[0] = 99;

        assertThat(few).isEqualTo(UnitAmounts.of(Map.of("a", 1L, "b", 2L)));
        assertThat(few).hasSameHashCodeAs(UnitAmounts.of(Map.of("a", 1L, "b", 2L)));
        assertThat(few).isNotEqualTo(UnitAmounts.of(Map.of("a", 1L)));
        assertThat(UnitAmounts.few(units, amounts, 0)).isSameAs(UnitAmounts.NONE);
        assertThatIllegalArgumentException().isThrownBy(() -> UnitAmounts.few(units, amounts, UnitAmounts.FEW + 1));
    }
}
