#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "failure.hpp"
#include "text.hpp"

namespace notes {
namespace {

constexpr const char* kNotesGroup = "Notes";
constexpr const char* kGroupGroup = "Devices";
constexpr const char* kSyncGroup = "Sync";
constexpr const char* kConflictGroup = "Conflicts";
constexpr const char* kDatabaseGroup = "Database";

constexpr const char* kFooter = R"(
An ID may be shortened to as much of its beginning as no other note shares.
Options of the program may stand before or after the command;
'notes COMMAND --help' tells more about one.

Examples:
  notes import /usr/share/doc --tag doc       one note for each text below a folder
  notes add "Milk" --body "2 litres" --tag shop
  notes list --tag shop
  notes search zlib licen*                    every word; * stands for the rest of one
  notes invite                                on one device …
  notes join "1234 5678"                      … and on another, once
  notes run                                   on both: they stay in sync
  notes conflicts                             what was written on two devices at once

Environment:
  NOTES_DB                     the database, where --db does not name one; without either
                               $XDG_DATA_HOME/notes/notes.db or ~/.local/share/notes/notes.db
  NOTES_LOCAL                  1: stay on this machine, as by --local
  NOTES_DISCOVERY_PORT         where devices look for each other, as by --discovery-port
  VISUAL, EDITOR               the editor for 'add' and 'edit' (vi)
  NO_COLOR                     no colour, also on a terminal

Exit codes: 0 done, 1 failed (standard error says why), 2 the command line is wrong.)";

/// One parser: options are written to where the commands will read them.
class Parser {
 public:
  Parser() {
    app_.set_version_flag("--version", "notes " NOTES_VERSION, "Print the version and leave");
    app_.set_help_flag("-h,--help", "Print this help and leave");
    app_.get_formatter()->column_width(32);
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_.get_formatter()->label("Subcommands", "Commands");
    app_.footer(kFooter);
    app_.require_subcommand(1);
    add_global_options();
    add_note_commands();
    add_change_commands();
    add_group_commands();
    add_sync_commands();
    add_conflict_commands();
    add_database_commands();
  }

  Invocation parse(int argc, char** argv) {
    Invocation invocation;
    if (argc < 2) {
      std::cerr << app_.help();
      invocation.exit_code = exit_usage;
      return invocation;
    }
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& success) {
      app_.exit(success);
      return invocation;
    } catch (const CLI::ParseError& error) {
      std::cerr << "notes: " << mistake(error) << " (see 'notes " << command_name() << "--help')\n";
      invocation.exit_code = exit_usage;
      return invocation;
    }
    invocation.options = *global_;
    invocation.command = std::move(command_);
    return invocation;
  }

 private:
  template <typename Options>
  using Run = void (*)(Application&, const Options&);

  CLI::App* add_command(const char* group, const char* name, const char* description) {
    CLI::App* command = app_.add_subcommand(name, description)->group(group)->fallthrough();
    command->footer("");
    return command;
  }

  /// A command whose options are read into `options` and handed to `run`.
  template <typename Options>
  CLI::App* add_command(const char* group, const char* name, const char* description,
                        const std::shared_ptr<Options>& options, Run<Options> run) {
    CLI::App* command = add_command(group, name, description);
    command->callback(
        [=, this] { command_ = [=](Application& application) { run(application, *options); }; });
    return command;
  }

  void add_plain_command(const char* group, const char* name, const char* description,
                         void (*run)(Application&)) {
    add_command(group, name, description)->callback([=, this] { command_ = run; });
  }

  static CLI::Option* add_id(CLI::App* command, std::string& id) {
    return command->add_option("ID", id, "The note's id, or its beginning")
        ->required()
        ->type_name("");
  }

  static CLI::Option* add_tags(CLI::App* command, const char* name, std::vector<std::string>& tags,
                               const char* description) {
    const auto clean = [](std::string& tag) {
      tag = one_line(tag);
      return tag.empty() ? std::string("a tag needs at least one letter") : std::string();
    };
    return command->add_option(name, tags, description)
        ->transform(CLI::Validator(clean, "TAG"))
        ->type_name("");
  }

  static CLI::Option* add_status(CLI::App* command, const char* description, auto& status) {
    return command->add_option("--status", status, description)
        ->check(CLI::IsMember({"open", "done", "reopened"}))
        ->type_name("");
  }

  static void add_limit(CLI::App* command, std::size_t& limit) {
    command->add_option("--limit", limit, "How many at most; 0 for all")
        ->type_name("N")
        ->capture_default_str();
  }

  static void add_network(CLI::App* command, NetworkOptions& network) {
    command
        ->add_option("--name", network.name,
                     "What other devices call this one (default: the machine's name)")
        ->type_name("NAME");
    command->add_option("--port", network.port, "The port to listen on (default: a free one)")
        ->type_name("PORT");
    command->add_flag("--local", network.local, "Stay on this machine")->envname("NOTES_LOCAL");
    command
        ->add_option("--discovery-port", network.discovery_port,
                     "The UDP port on which devices look for each other")
        ->type_name("PORT")
        ->envname("NOTES_DISCOVERY_PORT")
        ->capture_default_str();
  }

  /// What is wrong with an address; nothing if it is one.
  static std::string is_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const bool digits = colon != std::string::npos && colon > 0 && colon + 1 < text.size() &&
                        text.find_first_not_of("0123456789", colon + 1) == std::string::npos;
    return digits ? "" : "'" + one_line(text) + "' is no address: give HOST:PORT";
  }

  static void add_addresses(CLI::App* command, std::vector<std::string>& addresses) {
    command
        ->add_option("HOST:PORT", addresses,
                     "Where other devices are, beside those that are found in this network")
        ->check(CLI::Validator(is_address, "HOST:PORT"))
        ->type_name("");
  }

  void add_global_options() {
    app_.add_option("--db", global_->database, "This device's database")
        ->type_name("FILE")
        ->envname("NOTES_DB");
    app_.add_flag("--progress", global_->progress,
                  "Say how far long work has come, also where standard error is no terminal");
    app_.add_option("--clock-offset", global_->clock_offset_days,
                    "Run with a clock that is wrong by so many days; negative: slow")
        ->check(CLI::Range(-1e6, 1e6).description(""))
        ->type_name("DAYS")
        ->envname("NOTES_CLOCK_OFFSET")
        ->group("Advanced options");
  }

  void add_note_commands() {
    const auto add = std::make_shared<AddOptions>();
    CLI::App* command = add_command(kNotesGroup, "add",
                                    "Write a note; without text, in your editor", add, add_note);
    command->add_option("TITLE", add->title, "Its title (default: the first line of the text)")
        ->type_name("");
    command->add_option("--body", add->body, "Its text; '-' reads standard input")
        ->type_name("TEXT");
    add_tags(command, "--tag", add->tags, "A tag; may be given several times")
        ->allow_extra_args(false);

    const auto import = std::make_shared<ImportOptions>();
    command = add_command(kNotesGroup, "import", "Make a note of each text file below a folder",
                          import, import_files);
    command->add_option("DIR", import->root, "The folder, or one file")->required()->type_name("");
    add_tags(command, "--tag", import->tags, "A tag for all of them; may be given several times")
        ->allow_extra_args(false);
    command->add_flag("-v,--verbose", import->verbose, "Name every file that is left out");
    command->footer(
        "Takes .txt, .md, README* and copyright files, of any encoding; a file that was imported "
        "before\n"
        "only if it has changed, and the note has not. Compressed files and symbolic links are "
        "left out.");

    const auto list = std::make_shared<ListOptions>();
    command =
        add_command(kNotesGroup, "list", "List notes, the latest changed first", list, list_notes);
    command->add_option("--tag", list->filter.tag, "Only notes with this tag")->type_name("TAG");
    add_status(command, "Only notes of this status", list->filter.status);
    add_limit(command, list->limit);

    const auto show = std::make_shared<ShowOptions>();
    command = add_command(kNotesGroup, "show", "Show a note, and count the view", show, show_note);
    add_id(command, show->id);

    const auto search = std::make_shared<SearchOptions>();
    command = add_command(kNotesGroup, "search", "Find notes by their words, the best first",
                          search, search_notes);
    command
        ->add_option("WORD", search->words,
                     "Words that a note must all hold; 'licen*' finds 'license', too")
        ->required()
        ->type_name("");
    add_limit(command, search->limit);
  }

  void add_change_commands() {
    const auto edit = std::make_shared<EditOptions>();
    CLI::App* command = add_command(
        kNotesGroup, "edit", "Change a note; without options, in your editor", edit, edit_note);
    add_id(command, edit->id);
    command->add_option("--title", edit->edit.title, "A new title")->type_name("TEXT");
    command->add_option("--body", edit->edit.body, "A new text; '-' reads standard input")
        ->type_name("TEXT");
    add_status(command, "A new status", edit->edit.status);
    command->footer(
        "In the editor, the first line is the title, and the text begins after an empty line. "
        "Words that\n"
        "others write while it is open stay; the note then holds both.");

    const auto tag = std::make_shared<TagOptions>();
    command = add_command(kNotesGroup, "tag", "Add tags to a note", tag, tag_note);
    add_id(command, tag->id);
    add_tags(command, "TAG", tag->tags, "The tags")->required();

    const auto untag = std::make_shared<TagOptions>();
    command = add_command(kNotesGroup, "untag", "Remove tags from a note", untag, untag_note);
    add_id(command, untag->id);
    add_tags(command, "TAG", untag->tags, "The tags")->required();

    const auto erase = std::make_shared<DeleteOptions>();
    command = add_command(kNotesGroup, "delete", "Delete a note", erase, delete_note);
    add_id(command, erase->id);
  }

  void add_group_commands() {
    const auto inviting = std::make_shared<InviteOptions>();
    CLI::App* command = add_command(kGroupGroup, "invite",
                                    "Let another device into this one's group", inviting, invite);
    command->add_option("--role", inviting->role, "What it may do: admin, writer or reader")
        ->check(CLI::IsMember({"admin", "writer", "reader"}))
        ->type_name("ROLE")
        ->capture_default_str();
    command->add_flag("--link", inviting->link, "Give a link and a QR code instead of a code");
    command->add_flag("--yes", inviting->yes, "Let in who has the code without asking");
    add_network(command, inviting->network);
    command->footer("The first invitation begins a group, with this device as its admin.");

    const auto joining = std::make_shared<JoinOptions>();
    command =
        add_command(kGroupGroup, "join", "Enter the group of a device that invites", joining, join);
    command->add_option("CODE", joining->code, "The code of 8 digits, or the link")
        ->required()
        ->type_name("");
    command->add_option("--at", joining->address, "Where it is, if it cannot be found")
        ->type_name("HOST:PORT");
    add_network(command, joining->network);

    const auto devices = std::make_shared<NetworkOptions>();
    add_command(kGroupGroup, "devices", "List the devices of the group", devices, list_devices);

    const auto revoking = std::make_shared<RevokeOptions>();
    command = add_command(kGroupGroup, "revoke", "Remove a device from the group, for good",
                          revoking, revoke);
    command->add_option("DEVICE", revoking->device, "Its name, or the beginning of its fingerprint")
        ->required()
        ->type_name("");

    const auto leaving = std::make_shared<NetworkOptions>();
    add_command(kGroupGroup, "leave", "Leave the group; the notes stay here", leaving, leave);
  }

  void add_sync_commands() {
    const auto running = std::make_shared<RunOptions>();
    CLI::App* command =
        add_command(kSyncGroup, "run", "Stay in sync with the group's devices until Ctrl-C",
                    running, notes::run);
    add_addresses(command, running->addresses);
    add_network(command, running->network);

    const auto sync = std::make_shared<SyncOptions>();
    command =
        add_command(kSyncGroup, "sync", "Bring this device up to date once, with whoever is there",
                    sync, sync_once);
    add_addresses(command, sync->addresses);
    command->add_option("--timeout", sync->timeout_s, "Give up after so many seconds")
        ->type_name("S")
        ->capture_default_str();
    add_network(command, sync->network);

    add_plain_command(kSyncGroup, "watch", "Print changes as they arrive until Ctrl-C", watch);
  }

  void add_conflict_commands() {
    add_plain_command(kConflictGroup, "conflicts",
                      "List what was written on several devices at once", list_conflicts);

    const auto resolve = std::make_shared<ResolveOptions>();
    CLI::App* command =
        add_command(kConflictGroup, "resolve", "Settle a conflict: keep what is shown, or choose",
                    resolve, resolve_conflict);
    add_id(command, resolve->id);
    command->add_option("COLUMN", resolve->column, "What the conflict is in")
        ->required()
        ->check(CLI::IsMember({"title", "status"}))
        ->type_name("");
    CLI::Option* value =
        command->add_option("--value", resolve->value, "Write this instead")->type_name("TEXT");
    command
        ->add_option("--take", resolve->take, "Write the value that 'notes conflicts' numbers so")
        ->type_name("N")
        ->excludes(value);
  }

  void add_database_commands() {
    add_plain_command(kDatabaseGroup, "status", "Show who this device is and what it has seen",
                      show_status);
    add_plain_command(kDatabaseGroup, "digest", "Print a hash that is equal where the notes are",
                      show_digest);
    add_plain_command(kDatabaseGroup, "check", "Look for damage in the database, row by row",
                      check_database);
    add_plain_command(kDatabaseGroup, "reindex", "Build the search index again (after VACUUM, say)",
                      rebuild_search);
  }

  /// What is wrong with the line.
  [[nodiscard]] std::string mistake(const CLI::ParseError& error) const {
    const std::vector<std::string> unknown = app_.remaining();
    if (!app_.get_subcommands().empty()) return one_line(error.what());
    if (unknown.empty()) return "a command is needed";
    const std::string kind = unknown.front().starts_with('-') ? "option" : "command";
    return "there is no " + kind + " '" + one_line(unknown.front()) + "'";
  }

  /// The command in the line, with a space after it, for the hint at its help.
  [[nodiscard]] std::string command_name() const {
    const auto commands = app_.get_subcommands();
    return commands.empty() ? std::string() : commands.front()->get_name() + " ";
  }

  CLI::App app_{"Notes that every device keeps and changes for itself, and that sync in pairs.",
                "notes"};
  std::shared_ptr<GlobalOptions> global_ = std::make_shared<GlobalOptions>();
  std::function<void(Application&)> command_;
};

}  // namespace

Invocation parse_command_line(int argc, char** argv) { return Parser().parse(argc, argv); }

}  // namespace notes
