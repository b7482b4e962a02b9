# @summary Which version wins a conflict
type Csyncd::Auto = Enum['none', 'first', 'younger', 'older', 'bigger', 'smaller', 'left', 'right', 'keep-both']
