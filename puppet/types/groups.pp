# @summary The groups as csyncd.yaml has them: name to what csyncd::group takes
type Csyncd::Groups = Hash[Csyncd::Name, Hash[String[1], Any]]
