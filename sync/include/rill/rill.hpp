#pragma once

/// All of Rill.

#include "rill/bytes.hpp"
#include "rill/change_set.hpp"
#include "rill/database.hpp"
#include "rill/delta.hpp"
#include "rill/dot.hpp"
#include "rill/environment.hpp"
#include "rill/error.hpp"
#include "rill/hybrid_clock.hpp"
#include "rill/replica.hpp"
#include "rill/row_state.hpp"
#include "rill/rows.hpp"
#include "rill/rule.hpp"
#include "rill/schema.hpp"
#include "rill/session.hpp"
#include "rill/subscription.hpp"
#include "rill/sync.hpp"
#include "rill/table_rules.hpp"
#include "rill/tcp.hpp"
#include "rill/value.hpp"
#include "rill/version_vector.hpp"
